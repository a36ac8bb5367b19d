# `snakemake --cores 8` at the root of the repository starts here. config/README.md explains the options.


include: "workflow/Snakefile"


# An included file never sets the default target, so this rule sets it.
rule default:
    default_target: True
    input:
        rules.all.input,
    message:
        f"results/{SUITE.name} is complete"
