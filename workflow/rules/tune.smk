# The settings that a search chooses, in place of figures, tables and the page.

TUNING = [
    f"results/{SUITE.name}/trials.csv",
    f"results/{SUITE.name}/tuning.md",
    f"config/tuned/{SUITE.name}.yaml",
]


rule tune:
    input:
        suite="results/{suite}/suite.json",
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
    output:
        trials="results/{suite}/trials.csv",
        page="results/{suite}/tuning.md",
        settings="config/tuned/{suite}.yaml",
    log:
        "results/{suite}/logs/tune.log",
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        plugins=PLUGINS,
        folder=lambda wildcards, output: os.path.dirname(output.trials),
    message:
        "choose settings: see {output.page}"
    shell:
        "longlag tune {params.plugins} --suite {params.folder:q} --tuned {output.settings:q} > {log:q} 2>&1"
