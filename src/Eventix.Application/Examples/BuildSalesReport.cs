using Eventix.Application.Workers;
using FluentValidation;
using MediatR;

namespace Eventix.Application.Examples;

/// <summary>Builds the sales report of a shop for one day, a page at a time. The example of docs/workers.md.</summary>
/// <param name="Day">By UTC.</param>
/// <param name="Pages">1 to 1000.</param>
[EventixTask("build_sales_report", UniqueKey = "sales-report-{shop}-{day}", MaxRetries = 5, Timeout = 600)]
public sealed record BuildSalesReport(string Shop, DateOnly Day, int Pages = 10) : IEventixTask<SalesReport>;

public sealed record SalesReport(string Title, int Pages);

internal sealed class BuildSalesReportValidator : AbstractValidator<BuildSalesReport>
{
    public BuildSalesReportValidator()
    {
        RuleFor(message => message.Shop).NotEmpty();
        RuleFor(message => message.Pages).InclusiveBetween(1, 1000);
    }
}

internal sealed class BuildSalesReportHandler(ITaskContext context, IEventixScheduler scheduler, TimeProvider clock)
    : IRequestHandler<BuildSalesReport, SalesReport>
{
    public async Task<SalesReport> Handle(BuildSalesReport message, CancellationToken cancellationToken)
    {
        if (message.Shop == "closed")
            throw context.Fail("The shop is closed for good.");

        var untilComplete = message.Day.AddDays(1).ToDateTime(TimeOnly.MinValue) - clock.GetUtcNow().UtcDateTime;
        if (untilComplete > TimeSpan.Zero)
            throw context.RetryAfter(untilComplete, "The day is not over yet.");

        for (var page = 1; page <= message.Pages; page++)
        {
            // The work. It heeds the token, so that the host can stop, and somebody can cancel the task.
            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, cancellationToken);
            await context.ReportProgressAsync(100 * page / message.Pages, $"page {page} of {message.Pages}");
        }

        // A child: it takes over namespace, priority and operator of this task.
        await scheduler.DelayAsync(new Noop(), cancellationToken: cancellationToken);

        return new SalesReport($"{message.Shop}, {message.Day:O}", message.Pages);
    }
}
