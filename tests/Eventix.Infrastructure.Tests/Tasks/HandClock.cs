namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>Stands still unless a test moves it.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _now = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);
}
