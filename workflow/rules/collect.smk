# All rows and curves of a suite in one file each, and the design that they belong to.


# The name holds a digest of the design and of its runs. If the file is missing, the folder has the results of another
# design, whatever Snakemake's records say (results may have been moved without them).
rule question:
    output:
        "results/{suite}/design/{digest}.json",
    log:
        "results/{suite}/logs/question_{digest}.log",
    priority: 100  # first: the page that is made after an error needs it
    localrule: True
    params:
        suite=SUITE.to_json(),
    message:
        "write down the design of {wildcards.suite}"
    run:  # no `shell`: a command holds at most 128 KiB on Linux
        ask(params.suite, Path(output[0]))


rule design:
    input:
        question_of,
    output:
        "results/{suite}/suite.json",
    log:
        "results/{suite}/logs/design.log",
    priority: 100
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        plugins=PLUGINS,
    message:
        "work out the digest of every run of {wildcards.suite}"
    shell:
        "longlag design {params.plugins} {input:q} > {output:q} 2> {log:q}"


rule collect:
    input:
        suite="results/{suite}/suite.json",
        runs=expand("{folder}/runs.csv", folder=JOBS),
        curves=expand("{folder}/curves.parquet", folder=JOBS),
    output:
        runs=shown("runs.csv", "Rows", "One row for each seed and lag", "rows.rst"),
        curves="results/{suite}/curves.parquet",
    log:
        "results/{suite}/logs/collect.log",
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output.runs),
    message:
        "collect the rows of all jobs"
    shell:
        "longlag collect --suite {input.suite:q} --jobs {params.folder:q}/jobs --out {params.folder:q} > {log:q} 2>&1"
