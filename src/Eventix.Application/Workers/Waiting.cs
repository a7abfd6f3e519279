namespace Eventix.Application.Workers;

/// <summary>The pause between two rounds of a loop that runs until its host stops.</summary>
public static class Waiting
{
    /// <summary>Returns true after <paramref name="pause"/>, false as soon as <paramref name="stop"/> fires.</summary>
    public static async Task<bool> ForAsync(TimeSpan pause, TimeProvider clock, CancellationToken stop)
    {
        await Task.WhenAny(Task.Delay(pause, clock, stop));

        return !stop.IsCancellationRequested;
    }
}
