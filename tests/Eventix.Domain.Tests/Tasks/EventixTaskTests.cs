using Eventix.Domain.Tasks;

namespace Eventix.Domain.Tests.Tasks;

public sealed class EventixTaskTests
{
    private static readonly byte[] Json = "{}"u8.ToArray();

    [Fact]
    public void A_success_keeps_its_result_as_long_as_the_task_asks()
    {
        var outcome = new EventixTask
        {
            Uid = "u",
            Task = "t",
            ResultExpires = 60,
            Status = EventixTaskStatus.Processing,
        }.Succeed(Json);

        outcome.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Done, ExpiresIn = 60 });
        outcome.Result!.Value.ToArray().Should().Equal(Json);
    }

    [Fact]
    public void A_success_that_is_not_stored_expires_at_once() =>
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            StoreResult = false,
        }
            .Succeed(Json)
            .Should()
            .BeEquivalentTo(new { Status = EventixTaskStatus.Done, ExpiresIn = 0 });

    [Fact]
    public void Failures_wait_15_30_60_120_240_300_300_seconds_by_default()
    {
        var delays = new List<int?>();
        var inc = EventixTask.DefaultErrorEtaInc;
        for (var attempt = 0; attempt < 7; attempt++)
        {
            var outcome = new EventixTask
            {
                Uid = "u",
                Task = "t",
                ErrorEtaInc = inc,
            }.Fail(Json);
            outcome.Status.Should().Be(EventixTaskStatus.Retry);
            delays.Add(outcome.RetryIn);
            inc = outcome.ErrorEtaInc;
        }

        delays.Should().Equal(15, 30, 60, 120, 240, 300, 300);
    }

    [Theory]
    [InlineData(true, 2, EventixTaskStatus.Retry, 1)]
    [InlineData(true, 1, EventixTaskStatus.Retry, 0)]
    [InlineData(true, 0, EventixTaskStatus.Error, 0)]
    [InlineData(true, null, EventixTaskStatus.Retry, null)]
    [InlineData(true, -1, EventixTaskStatus.Retry, -2)]
    [InlineData(true, int.MinValue, EventixTaskStatus.Retry, int.MinValue)]
    [InlineData(false, 5, EventixTaskStatus.Error, 5)]
    public void N_retries_are_n_plus_one_runs(bool retry, int? maxRetries, EventixTaskStatus status, int? left)
    {
        var outcome = new EventixTask
        {
            Uid = "u",
            Task = "t",
            Retry = retry,
            MaxRetries = maxRetries,
            ErrorExpires = 9,
        }.Fail(Json);

        outcome
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = status,
                    MaxRetries = left,
                    ExpiresIn = status == EventixTaskStatus.Error ? 9 : (int?)null,
                }
            );
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(true, 5)]
    [InlineData(false, 0)]
    public void A_failure_for_good_is_the_end_whatever_retries_are_left(bool retry, int? maxRetries) =>
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            Retry = retry,
            MaxRetries = maxRetries,
            ErrorExpires = 9,
        }
            .FailForGood(Json)
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Error,
                    MaxRetries = maxRetries,
                    ExpiresIn = 9,
                    RetryIn = (int?)null,
                }
            );

    [Fact]
    public void A_retry_at_a_time_of_its_own_uses_a_retry_up_and_leaves_the_delay_of_failures_alone() =>
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            MaxRetries = 2,
        }
            .RetryAfter(Json, 3600)
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Retry,
                    RetryIn = 3600,
                    MaxRetries = 1,
                    ErrorEtaInc = 15,
                    ExpiresIn = (int?)null,
                }
            );

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, null)]
    public void A_retry_at_a_time_of_its_own_is_the_end_when_none_is_left(bool retry, int? maxRetries) =>
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            Retry = retry,
            MaxRetries = maxRetries,
        }
            .RetryAfter(Json, 3600)
            .Status.Should()
            .Be(EventixTaskStatus.Error);

    [Theory]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue)]
    [InlineData(int.MinValue, 300, int.MinValue)]
    public void Doubling_a_delay_never_overflows(int inc, int max, int next) =>
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            ErrorEtaInc = inc,
            ErrorEtaMax = max,
        }
            .Fail(Json)
            .ErrorEtaInc.Should()
            .Be(next);

    [Theory]
    [InlineData(EventixTaskStatus.Error)]
    [InlineData(EventixTaskStatus.Retry)]
    public void A_failed_task_that_is_rescheduled_has_neither_lease_nor_end(EventixTaskStatus status)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var task = new EventixTask
        {
            Uid = "u",
            Task = "t",
            Status = status,
            RevisionCounter = 4,
            ImportedRevision = "4-abc",
            WorkerId = "w",
            WorkerExpires = now,
            Expires = now,
            CancelRequestedAt = now,
            LostLeases = 3,
            MaxRetries = 0,
            ErrorEtaInc = 120,
            Result = Json,
        };

        task.Reschedule(eta: null, now);

        task.Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Scheduled,
                    Eta = now,
                    UpdatedAt = now,
                    RevisionCounter = 5L,
                    ImportedRevision = (string?)null,
                    WorkerId = (string?)null,
                    WorkerExpires = (DateTimeOffset?)null,
                    Expires = (DateTimeOffset?)null,
                    CancelRequestedAt = (DateTimeOffset?)null,
                    LostLeases = 0,
                    MaxRetries = 0,
                    ErrorEtaInc = 120,
                }
            );
        task.Result!.Value.ToArray().Should().Equal(Json);
    }

    [Theory]
    [InlineData(EventixTaskStatus.Scheduled)]
    [InlineData(EventixTaskStatus.Processing)]
    [InlineData(EventixTaskStatus.Done)]
    public void Only_a_failed_task_can_be_rescheduled(EventixTaskStatus status)
    {
        var task = new EventixTask
        {
            Uid = "u",
            Task = "t",
            Status = status,
        };

        var reschedule = () => task.Reschedule(eta: null, DateTimeOffset.UnixEpoch);

        reschedule.Should().Throw<DomainException>().Which.Code.Should().Be(DomainErrors.WrongTaskStatus);
        (task.Status, task.RevisionCounter).Should().Be((status, 1));
    }

    [Fact]
    public void An_imported_task_shows_the_revision_of_the_old_server()
    {
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            Id = 1,
            RevisionCounter = 3,
            ImportedRevision = "3-abc",
        }
            .WireRevision.Should()
            .Be("3-abc");
        new EventixTask
        {
            Uid = "u",
            Task = "t",
            Id = 1,
            RevisionCounter = 3,
        }
            .WireRevision.Should()
            .Be(new Revision(1, 3).ToString());
    }

    [Fact]
    public void Every_status_reads_back_from_its_name() =>
        Enum.GetValues<EventixTaskStatus>().Should().OnlyContain(status => EventixTaskStatusText.Parse(status.ToText()) == status);
}
