# docker build -t longlag . && docker run --rm -v "$PWD:/work" longlag run demo --cores 2
# With CUDA: --build-arg PIP_FLAGS="" and `docker run --gpus all`; PyPI's torch is the CUDA build.
FROM python:3.11-slim
ARG PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
COPY . /src
RUN pip install --no-cache-dir $PIP_FLAGS -c /src/requirements.lock "/src[workflow,cluster]" && rm -r /src
WORKDIR /work
ENTRYPOINT ["longlag"]
CMD ["--help"]
