namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>Waits for what other threads, hosts or the database bring about.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Polls the condition; a test that waits in vain fails and says for what.</summary>
    public static async Task BecomesAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"Not within {Deadline}: {what}");
            await timer.WaitForNextTickAsync();
        }
    }

    public static Task BecomesAsync(Func<bool> condition, string what) => BecomesAsync(() => Task.FromResult(condition()), what);
}
