# From the rows to the page. One process draws all figures, another sets all tables: a start costs seconds.


rule figures:
    input:
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
    output:
        directory("results/{suite}/figures"),
    log:
        "results/{suite}/logs/figures.log",
    localrule: True
    conda:
        "../../environment.yml"
    shell:
        "longlag figure all --runs {input.runs:q} --curves {input.curves:q} --out {output:q} > {log:q} 2>&1"


rule tables:
    input:
        runs="results/{suite}/runs.csv",
    output:
        directory("results/{suite}/tables"),
    log:
        "results/{suite}/logs/tables.log",
    localrule: True
    conda:
        "../../environment.yml"
    shell:
        "longlag table all --runs {input.runs:q} --out {output:q} > {log:q} 2>&1"


rule report:
    input:
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
        figures="results/{suite}/figures",
        tables="results/{suite}/tables",
    output:
        "results/{suite}/report.html",
    log:
        "results/{suite}/logs/report.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        title=SUITE.title,
    shell:
        "longlag report --runs {input.runs:q} --curves {input.curves:q} --figures {input.figures:q} --tables {input.tables:q}"
        " --title {params.title:q} --out {output:q} > {log:q} 2>&1"


# A job that was killed leaves no file. The report is drawn all the same, with the missing runs as errors; the next call trains them.
onerror:
    shell(
        "cd results/{SUITE.name} && longlag collect --suite suite.json --jobs jobs --out ."
    )
