"""The typed form of conf/*.yaml: where things lie, how large, which Spark settings.

A wrong file is refused with the key, its line and what is allowed. `--set section.key=value` overrides
single values. Secrets never stand in the file: they come from the environment.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakehouse.errors import UsageError, shown

Setting = str | int | float | bool

_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)  # a date that is none, brackets in brackets without end


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spark(_Section):
    """How Spark is started."""

    master: str | None = Field("local[*]", description="Spark master; null leaves it to spark-submit")
    settings: dict[str, Setting] = Field(default_factory=dict, description="any Spark setting by its own name")


class Refresh(_Section):
    """How tables are refreshed."""

    parallel: int = Field(2, ge=1, le=64, description="how many independent tables are built at once")
    buckets: int = Field(65_536, ge=1, le=1 << 20, description="hash buckets of a scope key; 2^20 above 1M persons")
    full_above: float = Field(0.5, gt=0, le=1, description="share of changed buckets above which all is built")


class Terminology(_Section):
    """Where the vocabularies come from."""

    athena: str | None = Field(
        None, min_length=1, description="folder of a download from Athena, any Hadoop path; null: those of the package"
    )


class Tracking(_Section):
    """Where MLflow keeps runs and models."""

    uri: str | None = Field(None, description="MLflow tracking server; null is an SQLite store under the home")
    experiment: str = Field("population-health", min_length=1)


class Planted(_Section):
    """How much of each thing a synthetic world has: 1 as published or as described, 0 not at all: a null world."""

    genetics: float = Field(1.0, ge=0, description="effects of genes on diseases and measures")
    treatment: float = Field(1.0, ge=0, description="effects of drugs on measures and thereby on risks")
    outbreaks: float = Field(1.0, ge=0, description="local outbreaks of infections beside the seasons")
    adverse_reactions: float = Field(1.0, ge=0, description="harm by drugs, alone, with genes and with other drugs")
    confounding: float = Field(1.0, ge=0, description="how strongly the choice between two equal drugs hangs on health")
    under_treatment: float = Field(1.0, ge=0, description="how much less is done and spent for a group of equal need")
    readmission: float = Field(1.0, ge=0, description="what raises the risk of coming back beyond the average")
    identity_noise: float = Field(1.0, ge=0, description="errors in what identifies persons in each world")
    defects: float = Field(1.0, ge=0, description="defects of data quality in the files")
    lab_errors: float = Field(1.0, ge=0, description="errors of the laboratory in samples, batches and sites")


class Synthetic(_Section):
    """The population that `lakehouse generate` makes."""

    people: int = Field(2_000, ge=1, le=100_000_000, description="how many persons; the first N of more are the same")
    seed: int = Field(7, ge=0, lt=1 << 63, description="another seed is another population")
    begin: date = Field(date(2019, 1, 1), alias="from", description="the first day that is told")
    until: date = Field(date(2025, 12, 31), description="the last day that is told")
    deliveries: str = Field(
        "monthly:3", pattern=r"^monthly:\d{1,4}$", description="how many monthly deliveries follow the first"
    )
    genotyped: float = Field(0.3, ge=0, le=1, description="share of the persons whose genome is told; 0 for none")
    sites: int = Field(20_000, ge=1_500, le=20_000_000, description="places that are genotyped, in the whole genome")
    platform: Literal["genome", "exome", "array", "imputed"] = Field(
        "genome", description="what the laboratory genotypes with"
    )
    genomes: Literal["vcf", "plink"] = Field("vcf", description="form of the genomes; tables are built from vcf alone")
    planted: Planted = Planted()

    @property
    def monthly_deliveries(self) -> int:
        """How many deliveries follow the first."""
        return int(self.deliveries.partition(":")[2])


class Conf(_Section):
    """Everything that conf/*.yaml may say."""

    home: str = Field("home", min_length=1, description="the lakehouse's own folder: any Hadoop path")
    landing: str | None = Field(None, description="where files land; null is <home>/landing")
    tables: str | None = Field(None, description="where the Delta tables lie; null is <home>/tables")
    truth: str | None = Field(None, description="where the truth of a synthetic population lies; null is <home>/truth")
    spark: Spark = Spark()
    refresh: Refresh = Refresh()
    terminology: Terminology = Terminology()
    tracking: Tracking = Tracking()
    synthetic: Synthetic = Synthetic()

    @property
    def landing_path(self) -> str:
        """The landing zone."""
        return self.landing or f"{self.home.rstrip('/')}/landing"

    @property
    def tables_path(self) -> str:
        """The folder of `<layer>/<table>`."""
        return self.tables or f"{self.home.rstrip('/')}/tables"

    @property
    def keys_path(self) -> str:
        """The folder of the keys that ids are made with, where they do not come from the environment."""
        return f"{self.home.rstrip('/')}/keys"

    @property
    def truth_path(self) -> str:
        """The folder of the truth of a synthetic population."""
        return self.truth or f"{self.home.rstrip('/')}/truth"


def load(
    path: Path | None = None,
    settings: Iterable[str] = (),
    home: str | None = None,
    landing: str | None = None,
    synthetic: Mapping[str, Setting | None] = MappingProxyType({}),
) -> Conf:
    """Read a conf file, apply `--set`, `--home`, `--landing` and the options of `generate`, and check the whole."""
    text = _read(path) if path else ""
    raw = _parse(text, path)
    settings = list(settings)
    for setting in settings:
        _override(raw, setting)
    for key, value in (("home", home), ("landing", landing)):
        if value is not None:
            raw[key] = value
    asked = {key: value for key, value in synthetic.items() if value is not None}
    if asked:
        _section(raw, "synthetic", f"--{next(iter(asked))}").update(asked)
    options = {setting.partition("=")[0]: "--set" for setting in settings}
    options |= {key: f"--{key}" for key, value in (("home", home), ("landing", landing)) if value is not None}
    options |= {f"synthetic.{key}": f"--{key}" for key in asked}
    try:
        conf = Conf.model_validate(raw)
    except ValidationError as error:
        raise UsageError("; ".join(_explain(e, text, path, options) for e in error.errors())) from None
    athena = conf.terminology.athena
    paths = {key: _absolute(value) for key in ("home", "landing", "tables", "truth") if (value := getattr(conf, key))}
    return conf.model_copy(update={**paths, "terminology": Terminology(athena=_absolute(athena) if athena else None)})


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the conf file {path}: {error}") from None


def _parse(text: str, path: Path | None) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(text) or {}
    except _NOT_YAML as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise UsageError(f"{path} must hold keys and values: {', '.join(Conf.model_fields)}")
    _check_said_once(text, path)
    return raw


def _check_said_once(text: str, path: Path | None) -> None:
    """Refuse a key that stands twice in its section: YAML would take the last without a word."""
    nodes = [yaml.compose(text, Loader=yaml.SafeLoader)]
    for node in nodes:
        lines: dict[str, int] = {}
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            line = key.start_mark.line + 1
            if key.value in lines:
                raise UsageError(f"{path}, line {line}: {key.value!r} is said on line {lines[key.value]} already")
            lines[key.value] = line
            if value not in nodes:  # an anchor may hold itself
                nodes.append(value)


def _override(raw: dict[str, Any], setting: str) -> None:
    """Set `section.key=value` in the raw conf; below `settings` the rest of the path is one key."""
    path, equals, value = setting.partition("=")
    if not equals or not path:
        raise UsageError(f"--set {shown(setting)} is not of the form key=value, as in --set spark.master=local[4]")
    keys = path.split(".", 2 if path.startswith("spark.settings.") else -1)
    for key in keys[:-1]:
        raw = _section(raw, key, f"--set {shown(setting)}")
    try:
        raw[keys[-1]] = yaml.safe_load(value)
    except _NOT_YAML as error:
        raise UsageError(f"--set {shown(setting)} is not YAML: {' '.join(str(error).split())}") from None


def _section(raw: dict[str, Any], key: str, option: str) -> dict[str, Any]:
    """The section of that name, made where it is missing."""
    section = raw.setdefault(key, {})
    if not isinstance(section, dict):
        raise UsageError(f"{option}: {key} holds a value, not a section")
    return section


def _explain(error: Any, text: str, path: Path | None, options: Mapping[str, str]) -> str:
    """One clear sentence for one thing that pydantic found wrong.

    options: by the key that they give a value, the options of the command that do.
    """
    keys = [str(key) for key in error["loc"]]
    name = ".".join(keys)
    given = next((option for key, option in options.items() if f"{name}.".startswith(f"{key}.")), None)
    within = next((option for key, option in options.items() if key.startswith(f"{name}.")), None)
    line = _line_of(keys, text)
    where = given or (f"{path}, line {line}" if line else within or str(path))
    if error["type"] == "extra_forbidden":
        allowed = _fields(keys[:-1])
        near = difflib.get_close_matches(keys[-1], allowed, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        return f"{where}: unknown key {name!r}{hint}; allowed here: {', '.join(allowed)}"
    return f"{where}: {name}: {error['msg'].lower()}, not {shown(error['input'])}"


def _fields(keys: list[str]) -> list[str]:
    model: type[BaseModel] = Conf
    for key in keys:
        annotation = model.model_fields[key].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return [field.alias or name for name, field in model.model_fields.items()]


def _line_of(keys: list[str], text: str) -> int | None:
    """The line, from 1, on which a nested key stands in the YAML text."""
    node = yaml.compose(text, Loader=yaml.SafeLoader) if text else None
    line = None
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        for key_node, value_node in node.value:
            if key_node.value == key:
                line, node = key_node.start_mark.line + 1, value_node
                break
        else:
            return None
    return line


def _absolute(path: str) -> str:
    """A local path made absolute; one with a scheme (hdfs://, s3a://, abfss://) as it is."""
    return path if "://" in path else str(Path(path).expanduser().absolute())
