# The lecture's claims, measured and drawn: `snakemake --cores 2 lecture`. It does not belong to a suite.

from longlag import lecture

LECTURE = expand(
    "results/lecture/figures/{name}.{type}", name=lecture.names(), type=["pdf", "png"]
)


rule lecture:
    output:
        LECTURE,
        findings="results/lecture/lecture.json",
    log:
        "results/lecture/lecture.log",
    conda:
        "../envs/longlag.yaml"
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        folder=lambda wildcards, output: os.path.dirname(output.findings),
    message:
        "measure the claims of the lecture: see {output.findings}"
    shell:
        "longlag lecture --cores {threads} --out {params.folder:q} > {log:q} 2>&1"
