using System.Text;
using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Application.Operations;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Net.Http.Headers;

namespace Eventix.Api.Operations;

/// <summary>For operators and what they watch with.</summary>
internal static class OperationsEndpoints
{
    private static readonly EventixTaskStatus[] Statuses = Enum.GetValues<EventixTaskStatus>();

    public static void MapOperations(this IEndpointRouteBuilder app)
    {
        app.MapGet(
            "/livez",
            static async http => await JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, """{"status":"alive"}"""u8)
        );
        app.MapGet("/readyz", GetReadiness);
        app.MapGet("/metrics", GetMetrics);
        app.MapGet("/tasks/stats", GetStats);
    }

    // What is not ready throws, and is answered as any request would be right now: 503.
    private static async Task GetReadiness(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        await mediator.Send(new PingDatabase(), cancellationToken);

        if (http.Request.Query.ContainsKey("verbose"))
            await JsonAnswer.WriteAsync(
                http.Response,
                StatusCodes.Status200OK,
                await mediator.Send(new GetVacuumHolders(), cancellationToken),
                VacuumAnswers.WriteReadiness
            );
        else
            await JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, """{"status":"ready"}"""u8);
    }

    private static async Task GetStats(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        await JsonAnswer.WriteAsync(
            http.Response,
            StatusCodes.Status200OK,
            await mediator.Send(new GetTaskStats(), cancellationToken),
            WriteStats
        );

    private static async Task GetMetrics(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var stats = await mediator.Send(new GetTaskStats(), cancellationToken);

        if (AsksForText(http.Request))
            await AnswerTextAsync(http.Response, stats, await mediator.Send(new GetVacuumHolders(), cancellationToken));
        else
            await JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, stats, WriteMetrics);
    }

    /// <summary>Only when the client names text: who takes anything is one of the clients that always got JSON.</summary>
    private static bool AsksForText(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        var text = QualityOf("text/plain", "application/openmetrics-text");

        return text > 0 && text >= QualityOf("application/json");

        double QualityOf(params string[] types) =>
            accepted
                .Where(type => types.Any(named => type.MediaType.Equals(named, StringComparison.OrdinalIgnoreCase)))
                .Select(type => type.Quality ?? 1)
                .DefaultIfEmpty(0)
                .Max();
    }

    private static void WriteStats(Utf8JsonWriter writer, TaskStats stats)
    {
        writer.WriteStartObject();
        writer.WriteNumber("age"u8, Seconds(stats.Age));
        writer.WriteNumber("workers"u8, stats.Workers);
        writer.WriteStartArray("namespaces"u8);
        foreach (var each in stats.Namespaces)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("namespace"u8);
            writer.WriteText(each.Namespace);
            writer.WriteNumber("waiting"u8, each.Waiting);
            writer.WriteNumber("processing"u8, each.Processing);
            writer.WriteNumber("error"u8, each.Error);
            writer.WriteTime("oldest_due"u8, each.OldestDue);
            WriteSeconds(writer, "lag"u8, each.Lag);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteSeconds(writer, "counts_age"u8, stats.CountsAge);
        if (stats.Counts is { } counts)
            WriteCounts(writer, counts);
        else
            writer.WriteNull("counts"u8);
        writer.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter writer, IReadOnlyList<TaskCount> counts)
    {
        writer.WriteStartArray("counts"u8);
        foreach (var task in counts.GroupBy(count => (count.Namespace, count.Task)))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("namespace"u8);
            writer.WriteText(task.Key.Namespace);
            writer.WritePropertyName("task"u8);
            writer.WriteText(task.Key.Task);
            foreach (var status in Statuses)
                writer.WriteNumber(status.ToText(), task.Where(count => count.Status == status).Sum(count => count.Count));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    // Exactly these keys, in this order, as clients know them.
    private static void WriteMetrics(Utf8JsonWriter writer, TaskStats stats)
    {
        var memory = ProcessMemory.Read();
        var retry = Count(stats, EventixTaskStatus.Retry);

        writer.WriteStartObject();
        writer.WriteStartObject("memory"u8);
        writer.WriteNumber("rss"u8, memory.Rss);
        writer.WriteNumber("vms"u8, memory.Vms);
        writer.WriteNumber("data"u8, memory.Data);
        writer.WriteEndObject();
        writer.WriteStartObject("worker"u8);
        writer.WriteNumber("number_of_worker"u8, stats.Workers);
        writer.WriteEndObject();
        writer.WriteStartObject("tasks"u8);
        writer.WriteNumber("scheduled"u8, Math.Max(0, stats.Namespaces.Sum(each => each.Waiting) - retry));
        writer.WriteNumber("retry"u8, retry);
        writer.WriteNumber("error"u8, stats.Namespaces.Sum(each => each.Error));
        writer.WriteNumber("done"u8, Count(stats, EventixTaskStatus.Done));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static Task AnswerTextAsync(HttpResponse response, TaskStats stats, IReadOnlyList<VacuumHolder>? vacuumHolders)
    {
        var memory = ProcessMemory.Read();
        var text = new PrometheusText();

        text.Gauge("eventix_workers", "Workers that hold a lease.").Value("eventix_workers", stats.Workers);
        text.Gauge("eventix_stats_age_seconds", "How long ago waiting, processing and failed tasks were counted.")
            .Value("eventix_stats_age_seconds", Seconds(stats.Age));
        Each(text, stats, "eventix_waiting_tasks", "Tasks that wait, due or not.", each => each.Waiting);
        Each(text, stats, "eventix_processing_tasks", "Tasks that are leased to a worker.", each => each.Processing);
        Each(text, stats, "eventix_failed_tasks", "Tasks that ended as an error.", each => each.Error);
        Each(
            text,
            stats,
            "eventix_lag_seconds",
            "How long the oldest due task has been due; 0 when none is.",
            each => each.Lag is { } lag ? Seconds(lag) : 0
        );
        if (stats is { Counts: { } counts, CountsAge: { } age })
        {
            text.Gauge("eventix_tasks_age_seconds", "How long ago eventix_tasks was counted.")
                .Value("eventix_tasks_age_seconds", Seconds(age));
            text.Gauge("eventix_tasks", "Tasks by namespace, name and status.");
            foreach (var count in counts)
                text.Value(
                    "eventix_tasks",
                    count.Count,
                    ("namespace", count.Namespace),
                    ("task", count.Task),
                    ("status", count.Status.ToText())
                );
        }

        if (vacuumHolders is not null)
            VacuumAnswers.Append(text, vacuumHolders);

        text.Gauge("process_resident_memory_bytes", "Physical memory of this process.").Value("process_resident_memory_bytes", memory.Rss);
        text.Gauge("process_virtual_memory_bytes", "Address space of this process.").Value("process_virtual_memory_bytes", memory.Vms);

        response.ContentType = PrometheusText.ContentType;
        return response.WriteAsync(text.ToString(), Encoding.UTF8, response.HttpContext.RequestAborted);
    }

    private static void Each(PrometheusText text, TaskStats stats, string name, string help, Func<NamespaceStats, double> value)
    {
        text.Gauge(name, help);
        foreach (var each in stats.Namespaces)
            text.Value(name, value(each), ("namespace", each.Namespace));
    }

    private static long Count(TaskStats stats, EventixTaskStatus status) =>
        stats.Counts?.Where(count => count.Status == status).Sum(count => count.Count) ?? 0;

    private static void WriteSeconds(Utf8JsonWriter writer, ReadOnlySpan<byte> name, TimeSpan? time)
    {
        if (time is { } span)
            writer.WriteNumber(name, Seconds(span));
        else
            writer.WriteNull(name);
    }

    internal static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
