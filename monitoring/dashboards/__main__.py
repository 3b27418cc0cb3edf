"""`python -m monitoring.dashboards`: writes the JSON files that Grafana reads beside this file."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.dashboards.ai_budget import ai_budget
from monitoring.dashboards.cloud_cost import cloud_cost

FOLDER = Path(__file__).parent


def rendered() -> dict[str, str]:
    """The JSON of each dashboard by its uid."""
    boards = (cloud_cost(), ai_budget())
    return {
        str(board.uid): json.dumps(board, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
        for board in boards
    }


def main() -> None:
    """Writes every dashboard to <uid>.json."""
    for uid, text in rendered().items():
        (FOLDER / f"{uid}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
