# docker build -t longlag .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" longlag run demo --cores 2
# For CPUs: --build-arg PIP_FLAGS="..." with the pip option that PyTorch's "Get started" page prints for CPU wheels; without it
# pip takes the build for CUDA, which `docker run --gpus all` uses.
FROM python:3.11-slim
ARG PIP_FLAGS=""
COPY . /src
RUN pip install --no-cache-dir $PIP_FLAGS -c /src/requirements.lock "/src[cluster]" && rm -r /src
# With --user nobody is in /etc/passwd: Snakemake asks for the user's name, and keeps a cache in the home, as Matplotlib does.
ENV HOME=/tmp USER=longlag
WORKDIR /work
ENTRYPOINT ["longlag"]
CMD ["--help"]
