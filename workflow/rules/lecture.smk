# The lecture's claims, measured and drawn: `snakemake --cores 2 lecture`. It does not belong to a suite.

from longlag import lecture

LECTURE = expand(
    "results/lecture/figures/{name}.{type}", name=lecture.names(), type=["pdf", "png"]
)


# The claims are measured in results/lecture/measured, which is no output: Snakemake deletes the outputs of a job that fails, and one claim
# that cannot be measured must not cost the others. The next call resumes there; the folder goes when all are measured.
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
        measured="results/lecture/measured",
    message:
        "measure the claims of the lecture: see {output.findings}"
    shell:
        "longlag lecture --resume --cores {threads} --out {params.measured:q} > {log:q} 2>&1 && "
        "cp -R {params.measured:q}/figures {params.measured:q}/lecture.json {params.folder:q} && rm -R {params.measured:q}"
