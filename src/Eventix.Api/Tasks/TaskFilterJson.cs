using System.Runtime.InteropServices;
using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Application.Tasks;

namespace Eventix.Api.Tasks;

/// <summary>
/// The `filter` of a list: the part of MongoDB's query language that clients use, on the columns that there are. Nothing of it is handed on as
/// text: every name is looked up, every value is read as its column's type.
/// </summary>
internal static class TaskFilterJson
{
    // More is no filter that a person wrote, and a statement has at most 65,535 parameters.
    private const int MostConditions = 1000;

    // Each looks into the document of every row anew.
    private const int CostOfJson = 30;
    private const int DeepestNesting = 32;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    /// <param name="filter">A JSON object.</param>
    /// <param name="overridden">Columns that the request itself says something about: what the filter says about them at its top does not count.</param>
    /// <exception cref="UnknownFilterException">It is none that could be answered; the message says why.</exception>
    public static TaskFilter Read(ReadOnlyMemory<byte> filter, IReadOnlyCollection<TaskColumn> overridden)
    {
        using var document = JsonDocument.Parse(filter, Options);
        var left = MostConditions;

        return ReadObject(document.RootElement, overridden, 0, ref left);
    }

    private static TaskFilter.All ReadObject(JsonElement filter, IReadOnlyCollection<TaskColumn> overridden, int depth, ref int left)
    {
        if (depth > DeepestNesting)
            throw new UnknownFilterException($"it is nested deeper than {DeepestNesting} levels");

        var conditions = new List<TaskFilter>();
        foreach (var (name, value) in Members(filter))
        {
            if (name is "$and" or "$or")
                conditions.Add(ReadEach(name, value, depth, ref left));
            else if (name.StartsWith('$'))
                throw new UnknownFilterException($"the operator {name} is not known here; known are $and and $or");
            else if (!overridden.Contains(TaskColumn.Find(name)))
                ReadField(name, value, conditions, ref left);
        }

        return new TaskFilter.All(conditions);
    }

    private static TaskFilter ReadEach(string name, JsonElement filters, int depth, ref int left)
    {
        if (filters.ValueKind != JsonValueKind.Array || filters.GetArrayLength() == 0)
            throw new UnknownFilterException($"{name} takes an array of at least one filter");

        var read = new List<TaskFilter>();
        foreach (var filter in filters.EnumerateArray())
        {
            if (filter.ValueKind != JsonValueKind.Object)
                throw new UnknownFilterException($"{name} takes filters, which are objects");
            read.Add(ReadObject(filter, [], depth + 1, ref left));
        }

        return name == "$and" ? new TaskFilter.All(read) : new TaskFilter.Any(read);
    }

    private static void ReadField(string name, JsonElement value, List<TaskFilter> conditions, ref int left)
    {
        var (column, path) = FindColumn(name);
        if (!IsOperators(value))
        {
            Count(ref left, column.Kind == TaskColumnKind.Json ? CostOfJson : 1);
            conditions.Add(ReadEqual(column, path, value));
            return;
        }

        if (column.Kind == TaskColumnKind.Json)
            throw new UnknownFilterException($"{name} can only be compared with a value, not by an operator");

        foreach (var (@operator, operand) in Members(value))
        {
            Count(ref left);
            conditions.Add(ReadOperator(column, @operator, operand));
        }
    }

    private static TaskFilter ReadOperator(TaskColumn column, string @operator, JsonElement operand)
    {
        switch (@operator)
        {
            case "$eq":
                return ReadEqual(column, [], operand);
            case "$ne":
                return new TaskFilter.Not(new TaskFilter.Equal(column, ReadValue(column, operand)));
            case "$in":
                return ReadIn(column, @operator, operand);
            case "$nin":
                return new TaskFilter.Not(ReadIn(column, @operator, operand));
            case "$exists":
                return operand.ValueKind switch
                {
                    JsonValueKind.True => new TaskFilter.Exists(column),
                    JsonValueKind.False => new TaskFilter.Not(new TaskFilter.Exists(column)),
                    _ => throw new UnknownFilterException("$exists takes true or false"),
                };
        }

        TaskFilter.Comparison relation = @operator switch
        {
            "$lt" => TaskFilter.Comparison.Less,
            "$lte" => TaskFilter.Comparison.LessOrEqual,
            "$gt" => TaskFilter.Comparison.Greater,
            "$gte" => TaskFilter.Comparison.GreaterOrEqual,
            _ => throw new UnknownFilterException(
                $"the operator {@operator} is not known here; known are $eq, $in, $nin, $ne, $gt, $gte, $lt, $lte and $exists"
            ),
        };
        if (column.Kind is TaskColumnKind.Revision or TaskColumnKind.Truth)
            throw new UnknownFilterException($"{column.Name} has no order, so {@operator} has no meaning");

        return ReadValue(column, operand) is { } value
            ? new TaskFilter.Compare(column, relation, value)
            : throw new UnknownFilterException($"{@operator} takes a value that is not null");
    }

    private static TaskFilter.In ReadIn(TaskColumn column, string @operator, JsonElement operand)
    {
        if (operand.ValueKind != JsonValueKind.Array)
            throw new UnknownFilterException($"{@operator} takes an array");

        var values = operand.EnumerateArray().Select(value => ReadValue(column, value)).ToList();

        // A revision is compared by more than one parameter; the other columns take all values as one.
        return column.Kind == TaskColumnKind.Revision && values.Count > MostConditions
            ? throw TooMany()
            : new TaskFilter.In(column, values);
    }

    private static TaskFilter ReadEqual(TaskColumn column, IReadOnlyList<string> path, JsonElement value) =>
        column.Kind == TaskColumnKind.Json
            ? new TaskFilter.JsonEqual(column, path, value.ValueKind, value.GetRawText())
            : new TaskFilter.Equal(column, ReadValue(column, value));

    // A name, or a name with a path into a column of JSON behind it.
    private static (TaskColumn Column, IReadOnlyList<string> Path) FindColumn(string name)
    {
        var parts = name.Split('.');
        if (TaskColumn.Find(parts[0]) is not { } column)
            throw new UnknownFilterException($"a task has no field {name}");
        if (parts.Length > 1 && column.Kind != TaskColumnKind.Json)
            throw new UnknownFilterException($"{parts[0]} has nothing inside; paths lead into args, kwargs and result");
        if (name.Contains('\0', StringComparison.Ordinal))
            throw new UnknownFilterException("a name has a NUL, which no stored text has");

        return (column, parts[1..]);
    }

    private static object? ReadValue(TaskColumn column, JsonElement value) =>
        (column.Kind, value.ValueKind) switch
        {
            (_, JsonValueKind.Null) => null,
            (TaskColumnKind.Text or TaskColumnKind.Revision, JsonValueKind.String) => Text(value),
            (TaskColumnKind.Number, JsonValueKind.Number) => Number(value),
            (TaskColumnKind.Truth, JsonValueKind.True or JsonValueKind.False) => value.GetBoolean(),
            (TaskColumnKind.Time, JsonValueKind.String) => Time(column, Text(value)),
            (TaskColumnKind.Time, JsonValueKind.Number) => LaxInput.TryReadTime(value.GetDouble(), out var time, out var problem)
                ? time
                : throw new UnknownFilterException($"{column.Name}: {problem}"),
            _ => throw new UnknownFilterException($"{column.Name} takes {Expected(column.Kind)}"),
        };

    private static string Expected(TaskColumnKind kind) =>
        kind switch
        {
            TaskColumnKind.Number => "a number or null",
            TaskColumnKind.Truth => "true, false or null",
            TaskColumnKind.Time => "a datetime or null",
            TaskColumnKind.Json => "an array or an object as a whole",
            _ => "a string or null",
        };

    private static object Number(JsonElement value) => value.TryGetInt64(out var whole) ? whole : value.GetDouble();

    private static DateTimeOffset Time(TaskColumn column, string text) =>
        LaxInput.TryReadTime(System.Text.Encoding.UTF8.GetBytes(text), out var time, out var problem)
            ? time
            : throw new UnknownFilterException($"{column.Name} takes a datetime: {problem}");

    private static string Text(JsonElement value) => Storable(WireText.Unescape(JsonMarshal.GetRawUtf8Value(value)[1..^1]));

    private static string Storable(string? text) =>
        text?.Contains('\0', StringComparison.Ordinal) is false
            ? text
            : throw new UnknownFilterException("a string has a NUL or half a surrogate pair, which no stored text has");

    private static bool IsOperators(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && Members(value).Any(member => member.Name.StartsWith('$'));

    // Of members with one name the last, as Python reads them.
    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement value)
    {
        var members = new OrderedDictionary<string, JsonElement>();
        foreach (var member in value.EnumerateObject())
        {
            var name = WireText.Unescape(JsonMarshal.GetRawUtf8PropertyName(member));
            members[name ?? throw new UnknownFilterException("a name has half a surrogate pair, which no stored text has")] = member.Value;
        }

        return members.Select(member => (member.Key, member.Value));
    }

    private static void Count(ref int left, int cost = 1)
    {
        left -= cost;
        if (left < 0)
            throw TooMany();
    }

    private static UnknownFilterException TooMany() =>
        new($"it has more than {MostConditions} conditions, where one on args, kwargs or result counts as {CostOfJson}");
}

/// <summary>A filter that cannot be answered; the message says what is wrong with it, to go behind "the filter is not understood: ".</summary>
internal sealed class UnknownFilterException(string problem) : Exception(problem);
