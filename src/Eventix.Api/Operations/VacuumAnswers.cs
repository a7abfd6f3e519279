using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Application.Operations;

namespace Eventix.Api.Operations;

/// <summary>Tells what holds back vacuum: to people in the answer of `GET /readyz?verbose`, to Prometheus in `GET /metrics`.</summary>
internal static class VacuumAnswers
{
    /// <param name="holders">Null when the role of this host may not look.</param>
    public static void WriteReadiness(Utf8JsonWriter writer, IReadOnlyList<VacuumHolder>? holders)
    {
        writer.WriteStartObject();
        writer.WriteString("status"u8, "ready"u8);
        if (holders is null)
        {
            writer.WriteNull("vacuum_held_by"u8);
        }
        else
        {
            writer.WriteStartArray("vacuum_held_by"u8);
            foreach (var holder in holders)
                Write(writer, holder);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    public static void Append(PrometheusText text, IReadOnlyList<VacuumHolder> holders)
    {
        text.Gauge("eventix_vacuum_held_seconds", "For how long vacuum of the tables has been held back; 0 when nothing does.")
            .Value(
                "eventix_vacuum_held_seconds",
                holders
                    .Where(holder => holder.Holds == "tables")
                    .Select(holder => OperationsEndpoints.Seconds(holder.Held))
                    .DefaultIfEmpty(0)
                    .Max()
            );
        text.Gauge("eventix_vacuum_holder_seconds", "What holds back vacuum, and for how long.");
        foreach (var holder in holders)
            text.Value(
                "eventix_vacuum_holder_seconds",
                OperationsEndpoints.Seconds(holder.Held),
                ("kind", holder.Kind),
                ("name", holder.Name),
                ("holds", holder.Holds),
                ("database", holder.Database ?? ""),
                ("user", holder.User ?? ""),
                ("application", holder.Application ?? "")
            );
    }

    private static void Write(Utf8JsonWriter writer, VacuumHolder holder)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, holder.Kind);
        WriteText(writer, "name"u8, holder.Name);
        writer.WriteString("holds"u8, holder.Holds);
        if (holder.Pid is { } pid)
            writer.WriteNumber("pid"u8, pid);
        else
            writer.WriteNull("pid"u8);
        WriteText(writer, "database"u8, holder.Database);
        WriteText(writer, "user"u8, holder.User);
        WriteText(writer, "application"u8, holder.Application);
        WriteText(writer, "client"u8, holder.Client);
        WriteText(writer, "backend"u8, holder.Backend);
        WriteText(writer, "state"u8, holder.State);
        writer.WriteNumber("seconds"u8, OperationsEndpoints.Seconds(holder.Held));
        writer.WriteNumber("transactions"u8, holder.Transactions);
        WriteText(writer, "remedy"u8, holder.Remedy);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? text)
    {
        writer.WritePropertyName(name);
        writer.WriteText(text);
    }
}
