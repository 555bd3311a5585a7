"""Are the counts of the flow diagrams those of the tables, and is what nobody counted said?"""

import re
from dataclasses import replace

import pytest

from livingmeta.charts.flow_diagram import flow_svg, summary, versions_flow
from livingmeta.checklist import NOT_MET, Gathered, checklist
from livingmeta.flow import counted, is_systematic, pooled_studies, prisma_flow, stages
from livingmeta.releases import Identity
from livingmeta.tables.reporting import checklist_section, flow_section
from livingmeta.tables.search_page import search_tables
from made_up import frame, schema, studies, tables

DECISIONS = [
    *[("duplicate", "abstract")] * 3,
    *[("erratum", "listing")],
    *[("excluded", "title")] * 2,
    *[("excluded", "abstract")] * 4,
    *[("not_retrieved", "not_retrieved")] * 5,
    *[("awaiting_full_text", "abstract")] * 6,
    *[("included", "abstract")] * 7,
]
LOOKS = [
    {"search_id": "a", "date": "2026-01-02", "source": "pages", "kind": "exploratory"},
    {"search_id": "b", "source": "a listing", "kind": "exploratory", "records_found": 14},
]
ROWS = [{**row, "effect_id": f"row-{i}"} for i, row in enumerate(tables(*[(5, 50, 9, 50)] * 3))]
RECORD = {
    "id": "made-up",
    "pooled": True,
    "k": 2,
    "studies": [{"effect_id": "row-0"}, {"effect_id": "row-1"}],
}


def made_up(looks=LOOKS, decisions=DECISIONS):
    kept = studies(ROWS)
    screening = [
        {"record_id": f"r{i}", "search_id": "a", "decision": decision, "stage": stage, "reason": "made up"}
        for i, (decision, stage) in enumerate(decisions)
    ]
    return replace(
        kept,
        screening=frame(screening, schema().tables["screening"]),
        searches=frame(looks, schema().tables["searches"]),
    )


@pytest.fixture(scope="module")
def flow():
    return prisma_flow(made_up(), [RECORD])


def boxes(flow):
    return {box.key: box for step in flow.steps for box in step if box is not None}


def test_boxes_are_counted_from_the_tables(flow):
    counts = {key: box.count for key, box in boxes(flow).items()}
    assert counts == {
        "identified": None,
        "removed": 4,
        "kept": 28,
        "not-kept": None,
        "screened": 24,
        "excluded-title": 2,
        "sought": 22,
        "not-retrieved": 11,
        "assessed": 11,
        "excluded-report": 4,
        "included": 3,
    }


def test_what_is_left_after_each_step_adds_up(flow):
    found = boxes(flow)
    assert found["assessed"].count - found["excluded-report"].count == 7  # all that were included
    assert dict(found["included"].parts)["in a pooled estimate"] == 2
    assert dict(found["included"].parts)["shown and not pooled"] == 1


def test_what_nobody_counted_is_not_recorded(flow):
    assert counted(None) == "not recorded"
    assert dict(boxes(flow)["identified"].parts) == {"pages": None, "a listing": 14}
    assert "Records identified: not recorded." in summary(flow)


def test_looks_that_were_all_counted_have_a_sum():
    looks = [{**look, "records_found": 14} for look in LOOKS]
    assert boxes(prisma_flow(made_up(looks), []))["identified"].count == 28


def test_an_exploratory_look_is_not_called_a_systematic_search(flow):
    assert flow.title == "What an exploratory look found: not the flow of a systematic search"
    systematic = [{**LOOKS[0], "kind": "systematic"}]
    assert prisma_flow(made_up(systematic), []).title == "Flow of records, after PRISMA 2020"
    assert is_systematic(made_up(systematic))


def test_a_study_that_only_stands_alone_is_not_pooled():
    alone = {**RECORD, "k": 1, "studies": [{"effect_id": "row-2"}]}
    assert pooled_studies(made_up(), [alone]) == frozenset()
    assert len(pooled_studies(made_up(), [RECORD, alone])) == 2


@pytest.mark.parametrize("narrow", [False, True])
def test_boxes_lead_to_their_records(flow, narrow):
    drawn = flow_svg(flow, narrow)
    targets = set(re.findall(r'<a href="search.html#([^"]+)"', drawn))
    page = search_tables(made_up())
    assert targets == {"looks", "decisions", "records-duplicate", "records-excluded", "records-not-retrieved"}
    assert all(f"({target})=" in page for target in targets)


@pytest.mark.parametrize("narrow", [False, True])
def test_no_box_lies_on_another(flow, narrow):
    shape = r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"'
    places = [tuple(map(float, found)) for found in re.findall(shape, flow_svg(flow, narrow))]
    assert len(places) == len(boxes(flow))
    for i, (x, y, width, height) in enumerate(places):
        for other_x, other_y, other_width, other_height in places[:i]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y or other_y + other_height <= y


def test_the_phone_fits_the_phone(flow):
    assert float(re.search(r'viewBox="0 0 ([\d.]+)', flow_svg(flow, narrow=True))[1]) <= 330


def test_a_version_says_what_it_added():
    (today,) = stages([], made_up(), Identity(commit="abc", date="2026-01-02"))
    later = replace(today, version="2026.02.0", kind="curation", screened=40, studies=5, before=today)
    flow = versions_flow([today, later], "Versions", {"curation": "curation"}.get)
    added = boxes(flow)["added-2026.02.0"]
    assert (added.count, dict(added.parts)["records with a decision"]) == (2, 12)
    assert boxes(flow)["version-1"].title == "Version 2026.02.0 of 2026-01-02: studies"


def test_a_version_that_did_not_count_records_does_not_say_how_many_it_added():
    (today,) = stages([], made_up(), Identity())
    later = replace(today, version="2026.02.0", kind="curation", before=replace(today, screened=None))
    added = boxes(versions_flow([later], "Versions", str))["added-2026.02.0"]
    assert dict(added.parts)["records with a decision"] is None


def test_records_have_an_anchor_each():
    page = search_tables(made_up())
    assert all(f'id="r{i}"' in page for i in range(len(DECISIONS)))


def told(looks, topic):
    return next(
        one for one in checklist(Gathered(made_up(looks), {}, {}, Identity(), None)) if one.topic == topic
    )


def test_the_checklist_counts_looks_alike_wherever_it_counts_them():
    given = {"search_id": "c", "source": "documents", "kind": "source"}
    looks = [*LOOKS, given]
    assert "2 exploratory looks and 1 other source; none is systematic" in told(looks, "Sources").where
    assert "0 of 2 looks" in told(looks, "Search strategy").where
    searched = [{**LOOKS[0], "kind": "systematic", "query": "magnesium"}, given]
    assert told(searched, "Sources").where.endswith("1 systematic search and 1 other source.")
    assert "1 of 1 look." in told(searched, "Search strategy").where
    assert told([given], "Search strategy").state == NOT_MET


def test_the_checklist_says_what_is_not_met():
    topics = checklist(Gathered(made_up(), {}, {}, Identity(), None))
    missing = [one for one in topics if one.state == NOT_MET]
    shown = checklist_section(topics)
    assert {"Registration and protocol", "Certainty", "Abstract"} <= {one.topic for one in missing}
    assert shown.count("lm-state-not-met") == len(missing)


def test_every_item_of_prisma_2020_has_a_topic():
    # Page 2021, BMJ 372:n71: 27 items; Akl 2024, BMJ 387:e079183: four more.
    topics = checklist(Gathered(made_up(), {}, {}, Identity(), None))
    items = {item for one in topics for item in one.item.split(", ")}
    assert {str(i) for i in range(1, 28)} | {"L1", "L2", "L3", "L4"} <= items


def test_the_flow_is_told_in_words_too(flow):
    assert "Duplicates" not in flow_section(flow)
    assert "Removed before screening: n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}4." in flow_section(flow)


def test_records_that_nobody_has_screened_stand_beside_the_flow_and_in_no_box_of_it(flow):
    waiting = [("pending", "not_seen")] * 600
    made = made_up(decisions=[*DECISIONS, *waiting])
    found = boxes(prisma_flow(made, [RECORD]))
    assert {key: box.count for key, box in found.items()} == {k: box.count for k, box in boxes(flow).items()}
    assert found["not-kept"].parts == (("not screened yet", 600),)
    page = search_tables(made)
    assert "### Not screened yet" in page
    assert "100 more stand in `data/screening.csv`." in page
    assert stages((), made, Identity())[-1].screened == len(DECISIONS)
