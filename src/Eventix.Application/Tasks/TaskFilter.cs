using System.Text.Json;

namespace Eventix.Application.Tasks;

/// <summary>What tasks of a list have in common. Values are typed already; statements get them as parameters, never as text.</summary>
public abstract record TaskFilter
{
    private TaskFilter() { }

    /// <summary>All of them; every task when there is none.</summary>
    public sealed record All(IReadOnlyList<TaskFilter> Filters) : TaskFilter;

    /// <summary>At least one of them.</summary>
    public sealed record Any(IReadOnlyList<TaskFilter> Filters) : TaskFilter;

    public sealed record Not(TaskFilter Filter) : TaskFilter;

    /// <summary>A column equals a value, null being a value like any other.</summary>
    /// <param name="Value">Of the column's type: text, long, double (for a column of numbers), bool or time; null.</param>
    public sealed record Equal(TaskColumn Column, object? Value) : TaskFilter;

    /// <summary>A column equals one of some values.</summary>
    public sealed record In(TaskColumn Column, IReadOnlyList<object?> Values) : TaskFilter;

    /// <summary>A column is not null and stands in a relation to a value.</summary>
    public sealed record Compare(TaskColumn Column, Comparison Relation, object Value) : TaskFilter;

    /// <summary>A column is not null.</summary>
    public sealed record Exists(TaskColumn Column) : TaskFilter;

    /// <summary>What stands at a path of a JSON column equals a JSON value; null also when nothing stands there.</summary>
    /// <param name="Path">Names of members, or places in an array; empty for the column as a whole.</param>
    /// <param name="Json">The value as it was sent.</param>
    public sealed record JsonEqual(TaskColumn Column, IReadOnlyList<string> Path, JsonValueKind Kind, string Json) : TaskFilter;

    public enum Comparison
    {
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
    }
}

/// <summary>What kind of value a column holds.</summary>
public enum TaskColumnKind
{
    Text,
    Number,
    Truth,
    Time,

    /// <summary>JSON: compared for equality only, as a whole or at a path; no order.</summary>
    Json,

    /// <summary>The revision on the wire, which no column holds as it is: compared for equality only. Sorted by its counter.</summary>
    Revision,
}

/// <summary>A column that lists can be filtered and sorted by, under its name on the wire.</summary>
public sealed record TaskColumn
{
    private static readonly Dictionary<string, TaskColumn> ByName = new TaskColumn[]
    {
        new("uid", TaskColumnKind.Text),
        new("revision", TaskColumnKind.Revision),
        new("version", TaskColumnKind.Number),
        new("created_time", TaskColumnKind.Time),
        new("updated_time", TaskColumnKind.Time),
        new("unique_key", TaskColumnKind.Text),
        new("eta", TaskColumnKind.Time),
        new("scheduled", TaskColumnKind.Time),
        new("status", TaskColumnKind.Text),
        new("priority", TaskColumnKind.Number),
        new("namespace", TaskColumnKind.Text),
        new("task", TaskColumnKind.Text),
        new("args", TaskColumnKind.Json),
        new("kwargs", TaskColumnKind.Json),
        new("worker_id", TaskColumnKind.Text),
        new("worker_expires", TaskColumnKind.Time),
        new("retry", TaskColumnKind.Truth),
        new("max_retries", TaskColumnKind.Number),
        new("error_eta_inc", TaskColumnKind.Number),
        new("error_eta_max", TaskColumnKind.Number),
        new("store_result", TaskColumnKind.Truth),
        new("result", TaskColumnKind.Json),
        new("error_expires", TaskColumnKind.Number),
        new("result_expires", TaskColumnKind.Number),
        new("expires", TaskColumnKind.Time),
        new("operator", TaskColumnKind.Text),
    }.ToDictionary(column => column.Name);

    private TaskColumn(string name, TaskColumnKind kind)
    {
        Name = name;
        Kind = kind;
    }

    /// <summary>The name on the wire.</summary>
    public string Name { get; }

    public TaskColumnKind Kind { get; }

    public static TaskColumn Status => ByName["status"];

    public static TaskColumn Namespace => ByName["namespace"];

    public static TaskColumn Task => ByName["task"];

    public static IEnumerable<TaskColumn> Every => ByName.Values;

    /// <summary>By its name on the wire, or by the name that the old server stored it under (`_id`, `_rev`); null when there is none.</summary>
    public static TaskColumn? Find(string name) =>
        ByName.GetValueOrDefault(
            name switch
            {
                "_id" => "uid",
                "_rev" => "revision",
                _ => name,
            }
        );
}
