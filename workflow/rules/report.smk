# From the rows to the page. One process draws all figures, another makes all tables: starting a process costs seconds.

# The page shows the claims of the lecture if somebody has measured them.
VERDICTS = "results/lecture/lecture.json"


rule figures:
    input:
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
    output:
        expand("results/{{suite}}/figures/{name}.pdf", name=figures.names()),
        [drawn("figures", name, "png") for name in figures.names()],
    log:
        "results/{suite}/logs/figures.log",
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "draw the figures"
    shell:
        "longlag figure all {input.runs:q} --curves {input.curves:q} --out {params.folder:q} > {log:q} 2>&1"


rule tables:
    input:
        runs="results/{suite}/runs.csv",
    output:
        [drawn("tables", name, "html") for name in tables.names()],
        expand(
            "results/{{suite}}/tables/{name}.{type}",
            name=tables.names(),
            type=["md", "tex"],
        ),
    log:
        "results/{suite}/logs/tables.log",
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "make the tables"
    shell:
        "longlag table all {input.runs:q} --out {params.folder:q} > {log:q} 2>&1"


rule report:
    input:
        runs="results/{suite}/runs.csv",
        curves="results/{suite}/curves.parquet",
        figures=rules.figures.output,
        tables=rules.tables.output,
        lecture=lambda wildcards: [
            ancient(file) for file in [VERDICTS] if os.path.exists(file)
        ],
    output:
        page=shown("report.html", "Page", "The answer and all results", "page.rst"),
        handson=shown("handson.html", "Page", "Hands-on page", "handson.rst"),
    log:
        "results/{suite}/logs/report.log",
    localrule: True
    conda:
        "../envs/longlag.yaml"
    params:
        title=SUITE.title,
        figures=lambda wildcards, input: os.path.dirname(input.figures[0]),
        tables=lambda wildcards, input: os.path.dirname(input.tables[0]),
        lecture=lambda wildcards, input: " ".join(
            f"--lecture {os.path.dirname(file)}" for file in input.lecture
        ),
    message:
        "write {output.page}"
    shell:
        "longlag handson --out {output.handson:q} > {log:q} 2>&1 && "
        "longlag report {input.runs:q} --curves {input.curves:q} --figures {params.figures:q} --tables {params.tables:q}"
        " {params.lecture} --handson handson.html --title={params.title:q} --out {output.page:q} >> {log:q} 2>&1"


# A killed job leaves no file. The page is made nevertheless, with its runs as errors; the next call trains them.
AFTER_ERROR = [
    "cd results/{SUITE.name} && mkdir -p jobs && longlag collect --suite suite.json --jobs jobs --out .",
    "longlag figure all runs.csv --curves curves.parquet --out figures",
    "longlag table all runs.csv --out tables",
    "longlag report runs.csv --curves curves.parquet --figures figures --tables tables "
    "$(test -f handson.html && echo --handson handson.html) "
    "$(test -f ../lecture/lecture.json && echo --lecture ../lecture) --title={SUITE.title:q} --out report.html",
]


# What Snakemake writes into its log when somebody ends it. The runs that are missing then are no errors.
ENDED = ["Terminating processes on user request", "Will exit after finishing"]


onerror:
    said = "".join(Path(file).read_text() for file in log)
    if any(words in said for words in ENDED):
        logger.info(
            "interrupted: nothing is drawn; run the same command again to resume"
        )
    elif of_suite(said):
        shell(
            " && ".join(
                AFTER_ERROR[:1] if SUITE.search or SUITE.paper else AFTER_ERROR
            )
        )
