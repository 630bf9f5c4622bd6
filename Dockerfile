# castlist with its models inside: no network is needed to run it.
#   docker build -t castlist .
#   docker run --rm --network none -v "$PWD:/films" castlist find film.mp4
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/castlist && /opt/castlist/bin/pip install --no-cache-dir . -c constraints.txt

FROM python:3.11-slim
COPY --from=build /opt/castlist /opt/castlist
RUN useradd --create-home --uid 1000 castlist && mkdir /films && chown castlist /films
USER 1000:1000
WORKDIR /films
ENV PATH=/opt/castlist/bin:$PATH
ENTRYPOINT ["castlist"]
CMD ["--help"]
