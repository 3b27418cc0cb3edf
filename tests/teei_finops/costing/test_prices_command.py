"""`teei-finops prices`: what the price book holds, and what it lacks."""

from teei_finops.cli import main
from teei_finops.costing.prices.price_book import GLOBAL, region_rows, regions


def test_prices_lists_every_region_with_services_prices_dates_and_gaps(capsys):
    assert main(["prices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    columns = {line.split()[0]: line.split() for line in lines if line}
    assert set(regions()) | {GLOBAL} <= set(columns)
    assert columns["sa-east-1"][1:3] == ["46", f"{len(region_rows('sa-east-1')):,}"]
    assert columns["sa-east-1"][3:5] == ["2024-07-01", "2026-10-15"]
    assert all(int(columns[region][6]) > 0 for region in regions() if region != "us-east-1")


def test_prices_show_names_what_a_region_lacks(capsys):
    assert main(["prices", "show", "eu-north-1"]) == 0
    text = capsys.readouterr().out
    assert "  ElasticLoadBalancing application lcu-hour: no source with this Region found\n" in text
    assert "  AmazonKinesisFirehose * *: no source names a Region\n" in text
    assert [line for line in text.splitlines() if line.startswith("AmazonEC2 ")]


def test_an_unknown_region_is_an_error_with_the_near_one(capsys):
    assert main(["prices", "show", "eu-nroth-1"]) == 2
    assert capsys.readouterr().err == (
        "teei-finops: no prices for the Region 'eu-nroth-1'; did you mean 'eu-north-1'?\n"
    )
    assert main(["prices", "refresh", "--region", "moon"]) == 2
    assert "no prices for the Region 'moon'; known: af-south-1" in capsys.readouterr().err
