"""Draining rows one by one, many at a time, and in batches."""
import pytest
from apps.accounts.models import Workspace
from apps.core.work import drain
from tests.work_app.models import Chore, ChoreLane, LanedChore, Trace
from tests.work_app.tasks import CHORES, LANED_CHORES
from apps.core.work import lanes

@pytest.fixture
def workspace(db):
    return Workspace.objects.create(name="A", slug="a")

def test_chores_done(workspace):
    Chore.objects.create(workspace=workspace)
    Chore.objects.create(workspace=workspace)
    drain.run(CHORES)
    assert Chore.objects.filter(state="done").count() == 2
    assert Trace.objects.count() == 2

@pytest.mark.django_db(transaction=True)
def test_async_done():
    workspace = Workspace.objects.create(name="A", slug="a")
    for _ in range(12):
        Chore.objects.create(workspace=workspace)
    async def work(row): return row.word
    drain.run(drain.Job(kind="chore", work=work, record=CHORES.record, begins=True))
    assert Trace.objects.count() == 12

def test_batches(workspace):
    for _ in range(12):
        Chore.objects.create(workspace=workspace)
    drain.run_batches(drain.BatchJob(kind="chore", work=lambda rows: [Trace.objects.create(chore=r.pk, what="x") for r in rows]))
    assert Trace.objects.count() == 12
    assert Chore.objects.filter(state="done").count() == 12

def test_lanes(workspace):
    lane = ChoreLane.objects.create(workspace=workspace, key="k")
    for n in range(5):
        lanes.append(LanedChore(workspace=workspace, lane=lane, word=str(n)))
    drain.run(LANED_CHORES)
    assert list(Trace.objects.order_by("id").values_list("what", flat=True)) == list("01234")
