# The front door: `snakemake --cores 8` at the root of the repository. See config/README.md for what can be chosen.


include: "workflow/Snakefile"


# An included file never sets the default target, so it is said here.
rule default:
    default_target: True
    input:
        rules.all.input,
    message:
        f"results/{SUITE.name} is complete"
