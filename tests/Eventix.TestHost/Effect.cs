using Eventix.Application.Workers;
using MediatR;
using Microsoft.Extensions.Logging;

namespace Eventix.TestHost;

/// <summary>Takes its time and has an effect in the ledger: one when it begins, one when it has ended.</summary>
/// <param name="Secret">Must not be seen in any log.</param>
[EventixTask("test.effect")]
public sealed record Effect(int Milliseconds, string? Secret = null) : IEventixTask<string?>;

internal sealed partial class EffectHandler(Ledger ledger, ITaskContext task, ILogger<EffectHandler> logger)
    : IRequestHandler<Effect, string?>
{
    public async Task<string?> Handle(Effect message, CancellationToken cancellationToken)
    {
        await ledger.NoteAsync(task.Uid, task.Attempt, "began");
        LogAtWork();
        await Task.Delay(message.Milliseconds, cancellationToken);
        await ledger.NoteAsync(task.Uid, task.Attempt, "ended");

        return message.Secret;
    }

    [LoggerMessage(LogLevel.Information, "The handler is at work")]
    private partial void LogAtWork();
}
