# A stage of a paper: its rows are added to the paper's records, and the page is written from these. The records are no
# output: Snakemake deletes the outputs of a job before it runs again, and they hold other stages too.

PAPER = f"results/{SUITE.name}/added.txt"


rule paper:
    input:
        suite="results/{suite}/suite.json",
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
    output:
        "results/{suite}/added.txt",
    log:
        "results/{suite}/logs/paper.log",
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        paper=SUITE.paper,
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "add the rows of {wildcards.suite} to the records of the paper"
    shell:
        "longlag paper {params.paper:q} --add {params.folder:q} > {output:q} 2> {log:q}"
