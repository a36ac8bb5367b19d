# All rows and curves of a suite in one file each, and the design that they answer.


rule design:
    output:
        "results/{suite}/suite.json",
    log:
        "results/{suite}/logs/design.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        suite=SUITE.to_json(),
    shell:
        "echo {params.suite:q} > {output:q} 2> {log:q}"


rule collect:
    input:
        suite="results/{suite}/suite.json",
        runs=collect("{folder}/runs.csv", folder=JOBS),
        curves=collect("{folder}/curves.parquet", folder=JOBS),
    output:
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
    log:
        "results/{suite}/logs/collect.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output.runs),
    shell:
        "longlag collect --suite {input.suite:q} --jobs {params.folder:q}/jobs --out {params.folder:q} > {log:q} 2>&1"
