using Eventix.Application.Configuration;

namespace Eventix.Infrastructure.Operations;

/// <summary>When this host tells what holds back vacuum.</summary>
internal sealed class VacuumWatchOptions : IOptionsFromVariables
{
    /// <summary>What holds it back for a shorter time is not told: statements do so all the time.</summary>
    public TimeSpan HeldFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Between two looks.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two lines in the log about the same holder.</summary>
    public TimeSpan SaidAgainAfter { get; set; } = TimeSpan.FromMinutes(15);

    public void Read(Variables variables) => HeldFor = variables.Seconds("EVENTIX_VACUUM_HELD_SECONDS", HeldFor, 1, 86_400);
}
