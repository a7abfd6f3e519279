using System.Threading.Channels;

namespace Eventix.Application.Workers;

/// <summary>Ends the pause of one loop early. A signal that comes while the loop is at work ends its next pause.</summary>
internal sealed class WakeSignal(TimeProvider clock)
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private Task<bool>? _woken;

    public void Set() => _signal.Writer.TryWrite(true);

    /// <summary>Until it is set or <paramref name="stop"/> fires, at most <paramref name="atMost"/>. For one waiter at a time.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken stop)
    {
        // One waiter for all pauses: the channel keeps every one that it was asked for until somebody writes, which may be never.
        _woken ??= _signal.Reader.WaitToReadAsync(stop).AsTask();
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (await Task.WhenAny(_woken, Task.Delay(atMost, clock, pause.Token)) != _woken)
            return;

        await pause.CancelAsync();
        _signal.Reader.TryRead(out _);
        _woken = null;
    }
}
