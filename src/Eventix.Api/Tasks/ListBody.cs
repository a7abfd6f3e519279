using Eventix.Api.Http;
using Eventix.Application.Tasks;

namespace Eventix.Api.Tasks;

/// <summary>What a list is asked for. Null is absent, which stands for no filter, no order of the client's own, no limit.</summary>
internal sealed record ListBody
{
    private enum Field
    {
        Status,
        Task,
        Namespace,
        Skip,
        Limit,
        Sort,
        View,
        Filter,
        After,
        Count,
    }

    private static readonly FieldNames Names = new([
        .. Enum.GetNames<Field>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName),
    ]);

    public int? Skip { get; private init; }
    public int? Limit { get; private init; }
    public string? View { get; private init; }

    /// <summary>Whether the answer says how many tasks match.</summary>
    public bool Count { get; private init; } = true;

    public required ListTasks List { get; init; }

    /// <param name="json">Null when there is none.</param>
    /// <param name="by">The columns that the list is asked for by a field of their own.</param>
    /// <exception cref="Errors.InvalidRequestException">It is no such request.</exception>
    public static ListBody Read(JsonBody? json, TaskOrder order, params TaskColumn[] by)
    {
        if (json is not { } body)
            return new ListBody { List = new ListTasks(new TaskFilter.All([]), order, [], After: null, 0, 0) };

        var fields = new BodyFields(body, Names);
        var said = new List<TaskFilter>();
        foreach (var column in by)
        {
            if (ReadColumn(fields, column) is { } value)
                said.Add(new TaskFilter.Equal(column, value));
        }

        var (skip, limit) = (fields.Size((int)Field.Skip), fields.Size((int)Field.Limit));
        var sort = ReadSort(fields);
        var view = fields.Text((int)Field.View);
        var filter = ReadFilter(fields, said);
        var after = ReadAfter(fields, order, sort);
        var count = fields.NonNullBool((int)Field.Count) ?? true;
        fields.ThrowIfInvalid();

        return new ListBody
        {
            Skip = skip,
            Limit = limit,
            View = view,
            Count = count,
            List = new ListTasks(filter, order, sort, after, skip ?? 0, limit ?? 0),
        };
    }

    private static string? ReadColumn(BodyFields fields, TaskColumn column)
    {
        var field =
            column == TaskColumn.Status ? Field.Status
            : column == TaskColumn.Namespace ? Field.Namespace
            : Field.Task;
        var text = field == Field.Task ? fields.RequiredText((int)field) : fields.Text((int)field);
        if (text?.Contains('\0', StringComparison.Ordinal) is true)
            fields.RefuseValue((int)field, "String should not contain NUL characters");

        return text;
    }

    private static List<TaskSort> ReadSort(BodyFields fields)
    {
        var sort = new List<TaskSort>();
        if (fields.Text((int)Field.Sort) is not { } text)
            return sort;

        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var descending = item.StartsWith('-');
            var name = descending ? item[1..].TrimStart() : item;
            if (TaskColumn.Find(name) is not { } column)
                fields.RefuseValue((int)Field.Sort, $"a task has no field '{name}' to sort by");
            else if (column.Kind == TaskColumnKind.Json)
                fields.RefuseValue((int)Field.Sort, $"{name} is JSON, which has no order");
            else if (sort.TrueForAll(known => known.Column != column))
                sort.Add(new TaskSort(column, descending));
        }

        return sort;
    }

    private static TaskFilter.All ReadFilter(BodyFields fields, List<TaskFilter> said)
    {
        if (fields.Object((int)Field.Filter) is { } filter)
        {
            try
            {
                var overridden = said.OfType<TaskFilter.Equal>().Select(equal => equal.Column).ToList();
                return new TaskFilter.All([.. said, TaskFilterJson.Read(filter, overridden)]);
            }
            catch (UnknownFilterException unknown)
            {
                fields.RefuseValue((int)Field.Filter, $"the filter is not understood: {unknown.Message}");
            }
        }

        return new TaskFilter.All(said);
    }

    private static TaskCursor? ReadAfter(BodyFields fields, TaskOrder order, List<TaskSort> sort)
    {
        if (fields.Text((int)Field.After) is not { } text)
            return null;

        var after = TaskCursor.Parse(text, order);
        if (sort.Count > 0)
            fields.RefuseValue((int)Field.After, "a sorted list has no place to go on after; use skip");
        else if (after is null || text.Contains('\0', StringComparison.Ordinal))
            fields.RefuseValue((int)Field.After, "it is not the `next` of a page of this list");

        return after;
    }
}
