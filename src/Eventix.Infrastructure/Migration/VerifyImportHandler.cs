using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration.Sources;
using FluentValidation;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

internal sealed class VerifyImportHandler(NpgsqlDataSource database, IValidator<NewTask> rules)
    : IRequestHandler<VerifyImport, VerifySummary>
{
    public async Task<VerifySummary> Handle(VerifyImport command, CancellationToken cancellationToken)
    {
        await using var source = await LegacySources.OpenAsync(command.From, cancellationToken);

        return await new VerifyRun(command, source, new VerifyTargets(database), rules).RunAsync(cancellationToken);
    }
}
