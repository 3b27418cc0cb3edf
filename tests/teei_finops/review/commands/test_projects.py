"""Several projects of one repository: `teei-finops review --config`."""

import json

import pytest

from teei_finops.cli import main
from tests.teei_finops.costing.preview_builder import VOLUME, create, preview
from tests.teei_finops.review.reports_of_previews import GB100

CONFIG = """
version: 1
projects:
  - {name: shop, directory: services/shop, previews: ["preview-*.json"], budgets: budgets.yaml}
  - {name: blog, directory: services/blog, previews: [preview.json], region: eu-central-1}
"""


@pytest.fixture
def config(tmp_path):
    shop, blog = tmp_path / "services/shop", tmp_path / "services/blog"
    shop.mkdir(parents=True)
    blog.mkdir()
    volume = create(VOLUME, "disk", GB100, sourcePosition="project:///__main__.py#7")
    (shop / "preview-dev.json").write_text(preview(volume))
    (shop / "preview-prod.json").write_text(preview(volume).replace("pulumi:dev::", "pulumi:prod::"))
    (shop / "budgets.yaml").write_text(
        "version: 1\nbudgets: [{name: all, scope: {}, monthly_limit_usd: 15}]\n"
    )
    (blog / "preview.json").write_text(preview(volume, config={}))
    file = tmp_path / "teei-finops.yaml"
    file.write_text(CONFIG)
    return file


def test_each_project_has_its_own_previews_and_budgets(capsys, config, monkeypatch):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert main(["review", "--config", str(config)]) == 1, "the budget of shop is exceeded"
    assert capsys.readouterr().out.splitlines() == [
        "shop: fail: +$16.00 a month",
        "blog: pass: +$9.52 a month",
    ]


def test_each_project_has_a_folder_with_every_format(config, tmp_path):
    main(["review", "--config", str(config), "--output-directory", str(tmp_path / "out")])
    names = {"review.json", "review.md", "index.html", "policy.sarif", "policy.junit.xml"}
    for project in ("shop", "blog"):
        assert {path.name for path in (tmp_path / "out" / project).iterdir()} == names


def test_source_lines_are_relative_to_the_repository(config, tmp_path):
    main(["review", "--config", str(config), "--output-directory", str(tmp_path / "out")])
    report = json.loads((tmp_path / "out/shop/review.json").read_text())
    assert [change["source"]["file"] for plan in report["plan"] for change in plan["changes"]] == [
        "services/shop/__main__.py"
    ] * 2


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("previews: [preview.json]", "previews: [none.json]", "projects[1].previews[0]: no file"),
        ("previews: [preview.json]", "previews: preview.json", "must be a list of files or globs"),
        ("name: blog", "name: shop", "two projects are named 'shop'"),
        ("name: blog", "name: ../blog", "is used as a folder"),
        ("region: eu-central-1", "region: eu-centrl-1", "did you mean 'eu-central-1'?"),
        ("region:", "regoin:", "unknown key 'regoin'; did you mean 'region'?"),
        ("version: 1", "version: 2", "version must be 1"),
    ],
)
def test_a_mistake_in_the_file_is_named_in_one_line(capsys, config, old, new, problem):
    config.write_text(CONFIG.replace(old, new))
    assert main(["review", "--config", str(config)]) == 2
    err = capsys.readouterr().err
    assert problem in err
    assert err.count("\n") == 1


def test_previews_and_a_config_file_exclude_each_other(capsys, config):
    assert main(["review", "preview.json", "--config", str(config)]) == 2
    assert "either preview files or --config" in capsys.readouterr().err
