from tests.provider.scripts import run

WOKEN = """
import gevent
from provider.bell import Bell

bell, woken = Bell(), []

def sleep():
    for _ in range(200):
        bell.wait(3600)
    woken.append(True)

gevent.spawn(sleep)
gevent.sleep(0)
loop = gevent.get_hub().loop
before = loop.activecnt
while not woken:
    bell.ring()
    gevent.sleep(0)
print(loop.activecnt - before < 10)
"""


def test_who_is_woken_leaves_no_timer_behind() -> None:
    assert run(WOKEN) == "True\n"
