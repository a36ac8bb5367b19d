# One job trains one method with a chunk of seeds up the ladder of lags.


# Finished rungs, and checkpoints of those in training, are kept in results/SUITE/rungs, which is no output: Snakemake deletes the outputs
# of a job before it runs again, and a job that runs again (one more lag, a killed machine) must train only what is new. `arguments` and
# `digests` decide all numbers: a change of either, and nothing else, runs the job again. `reuse` is a resource and no parameter, so that a
# longer list of files runs no finished job again. `title` asks for `output`, though it needs none: Snakemake compares no such parameter.
rule train:
    input:
        suite_of,
    output:
        runs="results/{suite}/jobs/{method}/{group}/seeds{chunk}/runs.csv",
        curves="results/{suite}/jobs/{method}/{group}/seeds{chunk}/curves.parquet",
    log:
        "results/{suite}/logs/{method}/{group}/seeds{chunk}.log",
    group:
        group_of
    conda:
        "../envs/longlag.yaml"
    threads: 1  # more threads change the last digits
    resources:
        mem_mb=lambda wildcards, attempt: need_of(wildcards).megabytes * attempt,
        runtime=lambda wildcards, attempt: need_of(wildcards).minutes * attempt,
        gpu=lambda wildcards: int(job_of(wildcards).device != "cpu"),
        reuse=REUSE,
    params:
        arguments=lambda wildcards: job_of(wildcards).arguments(),
        digests=digests_of,
        cache="results/{suite}/rungs",
        title=lambda wildcards, output: job_of(wildcards).title,
    message:
        "train {params.title}: see {log}"
    shell:
        "longlag ladder {params.arguments} {resources.reuse} --cache {params.cache:q} --out {output.runs:q} --curves {output.curves:q} > {log:q} 2>&1"
