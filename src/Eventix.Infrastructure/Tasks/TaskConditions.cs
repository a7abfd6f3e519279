using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// What a filter says, as SQL about a row that is called `t`, built from constant pieces. Whatever a client sent becomes a parameter; the only
/// thing that it chooses is which of the pieces are put together.
/// </summary>
internal sealed class TaskConditions
{
    private static readonly Dictionary<string, string> Columns = TaskColumn.Every.ToDictionary(
        column => column.Name,
        column =>
            column.Name switch
            {
                "created_time" => "t.created_at",
                "updated_time" => "t.updated_at",
                var name => $"t.{name}",
            }
    );

    private readonly NpgsqlParameterCollection _parameters;
    private readonly StringBuilder _sql = new();

    private TaskConditions(NpgsqlParameterCollection parameters) => _parameters = parameters;

    /// <summary>The condition, which may stand in a statement more than once. Its values are added to the parameters.</summary>
    public static string Of(TaskFilter filter, NpgsqlParameterCollection parameters)
    {
        var conditions = new TaskConditions(parameters);
        conditions.Add(filter);

        return conditions._sql.ToString();
    }

    /// <summary>The column in an order or a comparison: text by code point on every server, as some columns are by themselves.</summary>
    public static string Ordered(TaskColumn column) =>
        Columns[column.Name] + (column.Name is "operator" or "worker_id" or "status" ? " COLLATE \"C\"" : "");

    private void Add(TaskFilter filter)
    {
        switch (filter)
        {
            case TaskFilter.All all:
                AddEach(all.Filters, " AND ", "true");
                break;
            case TaskFilter.Any any:
                AddEach(any.Filters, " OR ", "false");
                break;
            case TaskFilter.Not not:
                _sql.Append("(NOT ");
                Add(not.Filter);
                _sql.Append(')');
                break;
            case TaskFilter.Exists exists:
                // The revision is never null.
                _sql.Append(exists.Column.Kind == TaskColumnKind.Revision ? "true" : $"({Columns[exists.Column.Name]} IS NOT NULL)");
                break;
            case TaskFilter.Compare compare:
                AddCompare(compare);
                break;
            case TaskFilter.Equal { Column.Kind: TaskColumnKind.Revision } equal:
                AddRevision((string?)equal.Value);
                break;
            case TaskFilter.Equal equal:
                AddEqual(equal.Column, equal.Value);
                break;
            case TaskFilter.In { Column.Kind: TaskColumnKind.Revision } @in:
                AddEach([.. @in.Values.Select(value => new TaskFilter.Equal(@in.Column, value))], " OR ", "false");
                break;
            case TaskFilter.In @in:
                AddIn(@in);
                break;
            case TaskFilter.JsonEqual json:
                AddJsonEqual(json);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(filter), filter, "A filter that has no statement.");
        }
    }

    private void AddEach(IReadOnlyList<TaskFilter> filters, string between, string none)
    {
        if (filters.Count == 0)
        {
            _sql.Append(none);
            return;
        }

        _sql.Append('(');
        for (var i = 0; i < filters.Count; i++)
        {
            if (i > 0)
                _sql.Append(between);
            Add(filters[i]);
        }

        _sql.Append(')');
    }

    // Two-valued, so that NOT of it is its opposite for rows that hold null too. A plain `=` stands first: an index serves that.
    private void AddEqual(TaskColumn column, object? value)
    {
        if (value is null)
            _sql.Append($"({Columns[column.Name]} IS NULL)");
        else if (column == TaskColumn.Status)
            // As a literal it meets the predicates of the partial indexes. It is one of five words, or no task has it.
            _sql.Append(EventixTaskStatusText.Parse((string)value) is { } status ? $"(t.status = '{status.ToText()}')" : "false");
        else if (IsNullable(column))
            _sql.Append($"({Columns[column.Name]} = {Place(value)} AND {Columns[column.Name]} IS NOT NULL)");
        else
            _sql.Append($"({Columns[column.Name]} = {Place(value)})");
    }

    private void AddIn(TaskFilter.In @in)
    {
        var name = Columns[@in.Column.Name];
        var values = @in.Values.OfType<object>().ToList();

        _sql.Append("((").Append(name).Append(" IS NOT NULL AND ").Append(name).Append(" = ANY (");
        _sql.Append(
            @in.Column.Kind switch
            {
                TaskColumnKind.Number => _parameters.Place<double[]>([.. values.Select(Convert.ToDouble)]),
                TaskColumnKind.Truth => _parameters.Place<bool[]>([.. values.Cast<bool>()]),
                TaskColumnKind.Time => _parameters.Place<DateTimeOffset[]>([.. values.Cast<DateTimeOffset>()]),
                _ => _parameters.Place<string[]>([.. values.Cast<string>()]),
            }
        );
        _sql.Append("))").Append(values.Count < @in.Values.Count ? $" OR {name} IS NULL)" : ")");
    }

    private void AddCompare(TaskFilter.Compare compare)
    {
        var name = Columns[compare.Column.Name];
        var relation = compare.Relation switch
        {
            TaskFilter.Comparison.Less => "<",
            TaskFilter.Comparison.LessOrEqual => "<=",
            TaskFilter.Comparison.Greater => ">",
            _ => ">=",
        };

        _sql.Append($"({name} IS NOT NULL AND {Ordered(compare.Column)} {relation} {Place(compare.Value)})");
    }

    // What was imported shows the revision of the old server until its first write here.
    private void AddRevision(string? text)
    {
        if (text is null)
        {
            _sql.Append("false");
            return;
        }

        var revision = Revision.Parse(text);
        _sql.Append($"((t.imported_revision IS NOT NULL AND t.imported_revision = {_parameters.Place(text)})");
        if (revision is { } fence)
            _sql.Append(
                $" OR (t.imported_revision IS NULL AND t.id = {_parameters.Place(fence.Incarnation)} AND t.revision = {_parameters.Place(fence.Counter)})"
            );
        _sql.Append(')');
    }

    // `j.found` and `j.sought` are what stands at the path and what was asked for, both as json. A false comparison with NULL is no match.
    private void AddJsonEqual(TaskFilter.JsonEqual filter)
    {
        var found = $"{JsonText.Readable(Columns[filter.Column.Name])} #> {_parameters.Place(filter.Path.ToArray())}";
        var sought = JsonText.Readable($"{_parameters.Place(filter.Json, NpgsqlDbType.Json)}");

        _sql.Append($"EXISTS (SELECT FROM (SELECT {found} AS found, {sought} AS sought OFFSET 0) j WHERE {JsonText.IsEqual(filter.Kind)})");
    }

    private static bool IsNullable(TaskColumn column) =>
        column.Name
            is "unique_key"
                or "worker_id"
                or "worker_expires"
                or "max_retries"
                or "error_expires"
                or "result_expires"
                or "expires"
                or "operator";

    private string Place(object value) =>
        value switch
        {
            string text => _parameters.Place(text),
            long number => _parameters.Place(number),
            double number => _parameters.Place(number),
            bool truth => _parameters.Place(truth),
            DateTimeOffset time => _parameters.Place(time),
            _ => throw new ArgumentOutOfRangeException(nameof(value), value, "No column holds such a value."),
        };
}
