# All rows and curves of a suite in one file each, and the design that they answer.


rule design:
    output:
        "results/{suite}/suite.json",
    log:
        "results/{suite}/logs/design.log",
    priority: 100  # first: the page that is made after an error needs it
    localrule: True
    conda:
        "../../environment.yml"
    params:
        suite=SUITE.to_json(),
    message:
        "write down the design of {wildcards.suite}"
    shell:
        "echo {params.suite:q} > {output:q} 2> {log:q}"


rule collect:
    input:
        suite="results/{suite}/suite.json",
        runs=expand("{folder}/runs.csv", folder=JOBS),
        curves=expand("{folder}/curves.parquet", folder=JOBS),
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
    message:
        "collect the rows of all jobs"
    shell:
        "longlag collect --suite {input.suite:q} --jobs {params.folder:q}/jobs --out {params.folder:q} > {log:q} 2>&1"
