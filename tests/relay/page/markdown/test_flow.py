from relay.page.markdown import Flow, render

RAW = '<span slot="answer" class="r" aria-hidden="true">'
MD = '<div slot="answer" class="d md" dir="auto">'
BACK = '<i slot="answer" class="back"></i>'
PLAIN = '<div slot="answer" class="d plain" dir="auto">'


def test_what_is_not_complete_stands_as_text_until_its_block_follows() -> None:
    flow = Flow()
    assert flow.add("One **b") == f"{RAW}One **b"
    assert flow.add("old**") == "old**"
    assert flow.add("\n\nTwo <b>") == (f"</span>{MD}<p>One <strong>bold</strong></p>\n</div>{RAW}Two &lt;b&gt;")
    assert flow.end() == f"</span>{MD}<p>Two &lt;b&gt;</p>\n</div>"
    assert flow.end() == ""


def test_a_pause_closes_what_is_open_and_the_next_text_opens_it_again() -> None:
    flow = Flow()
    assert flow.pause() == ""
    assert flow.add("one") == f"{RAW}one"
    assert flow.pause() == "</span>"
    assert flow.pause() == ""
    assert flow.add(" two") == f"{RAW} two"
    assert flow.end() == f"</span>{MD}<p>one two</p>\n</div>"


def test_what_is_taken_back_is_hidden_and_the_text_begins_anew() -> None:
    flow = Flow()
    flow.add("[a]: https://x.example\n\n```\nhalf")
    assert flow.replace("[a]") == f'</span><i slot="answer" class="back"></i>{RAW}[a]'
    assert flow.end() == f"</span>{MD}<p>[a]</p>\n</div>"


def test_blank_lines_show_nothing_and_a_definition_is_hidden() -> None:
    flow = Flow()
    assert flow.add("\n\n \n") == ""
    assert flow.add("[a]: https://x.example") == f"{RAW}[a]: https://x.example"
    assert flow.add("\n\n") == '\n\n</span><div slot="answer" class="d"></div>'[2:]
    assert flow.end() == ""


def test_a_block_that_is_too_long_or_too_entangled_stays_plain() -> None:
    flow = Flow()
    assert flow.add("> " * 30 + "<b>\n\n") == f"{PLAIN}{'&gt; ' * 30}&lt;b&gt;\n</div>"
    long = "<" * 16_384
    assert flow.add(f"{long}*a*\n\n*b*\n\n") == (
        f"{PLAIN}{'&lt;' * 16_384}</div>{PLAIN}*a*\n</div>{MD}<p><em>b</em></p>\n</div>"
    )


def test_a_whole_text_is_rendered_as_far_as_its_budget_goes() -> None:
    assert render("*a*\n\n*b*\n\n*c*", budget=8) == (
        '<p><em>a</em></p>\n<p><em>b</em></p>\n<div class="plain">*c*</div>\n'
    )
    assert render("") == ""


def test_what_comes_after_so_much_of_an_answer_stays_plain_and_stands_behind_it() -> None:
    flow = Flow(room=10)
    assert flow.add("*a*\n\n*b") == f"{MD}<p><em>a</em></p>\n</div>{RAW}*b"
    assert flow.add("**c*\n\n*d*") == f"</span>{MD}<p>*b**c</p>\n</div>{PLAIN}*\n\n*d*"
    assert flow.add("\n\n*e*<") == "\n\n*e*&lt;"
    assert flow.pause() == "</div>"
    assert flow.add("*f*") == f"{PLAIN}*f*"
    assert flow.end() == "</div>"
    assert (flow.room, flow.replace("*g*")) == (0, f"{BACK}{PLAIN}*g*")
