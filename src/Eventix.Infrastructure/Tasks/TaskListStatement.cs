using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Builds the statements of a list from constant pieces. Whatever a client sent becomes a parameter; the only thing that it chooses is which
/// of the pieces are put together.
/// </summary>
internal sealed class TaskListStatement
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

    private const string StatusRank =
        "CASE t.status WHEN 'scheduled' THEN 0 WHEN 'processing' THEN 1 WHEN 'retry' THEN 2 WHEN 'error' THEN 3 ELSE 4 END";

    private readonly NpgsqlParameterCollection _parameters;
    private readonly StringBuilder _sql = new();

    private TaskListStatement(NpgsqlParameterCollection parameters) => _parameters = parameters;

    public static void BuildPage(NpgsqlCommand command, ListTasks list)
    {
        var statement = new TaskListStatement(command.Parameters);

        statement._sql.Append("SELECT ").Append(TaskRow.Columns).Append(" FROM eventix_task t WHERE ");
        statement.Add(list.Filter);
        if (list.After is { } after)
            statement.AddAfter(list.Order, after);
        statement._sql.Append(" ORDER BY ");
        statement.AddOrder(list);
        if (list.Limit > 0)
            statement._sql.Append(" LIMIT ").Append(statement.Parameter((long)list.Limit));
        if (list.Skip > 0)
            statement._sql.Append(" OFFSET ").Append(statement.Parameter((long)list.Skip));

        command.CommandText = statement._sql.ToString();
    }

    public static void BuildCount(NpgsqlCommand command, TaskFilter filter)
    {
        var statement = new TaskListStatement(command.Parameters);

        statement._sql.Append("SELECT count(*) FROM eventix_task t WHERE ");
        statement.Add(filter);

        command.CommandText = statement._sql.ToString();
    }

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
            _sql.Append($"({Columns[column.Name]} = {Parameter(value)} AND {Columns[column.Name]} IS NOT NULL)");
        else
            _sql.Append($"({Columns[column.Name]} = {Parameter(value)})");
    }

    private void AddIn(TaskFilter.In @in)
    {
        var name = Columns[@in.Column.Name];
        var values = @in.Values.OfType<object>().ToList();

        _sql.Append("((").Append(name).Append(" IS NOT NULL AND ").Append(name).Append(" = ANY (");
        _sql.Append(
            @in.Column.Kind switch
            {
                TaskColumnKind.Number => Parameter<double[]>([.. values.Select(Convert.ToDouble)]),
                TaskColumnKind.Truth => Parameter<bool[]>([.. values.Cast<bool>()]),
                TaskColumnKind.Time => Parameter<DateTimeOffset[]>([.. values.Cast<DateTimeOffset>()]),
                _ => Parameter<string[]>([.. values.Cast<string>()]),
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

        _sql.Append($"({name} IS NOT NULL AND {Ordered(compare.Column)} {relation} {Parameter(compare.Value)})");
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
        _sql.Append($"((t.imported_revision IS NOT NULL AND t.imported_revision = {Parameter(text)})");
        if (revision is { } fence)
            _sql.Append(
                $" OR (t.imported_revision IS NULL AND t.id = {Parameter(fence.Incarnation)} AND t.revision = {Parameter(fence.Counter)})"
            );
        _sql.Append(')');
    }

    // `j.found` and `j.sought` are what stands at the path and what was asked for, both as json. A false comparison with NULL is no match.
    private void AddJsonEqual(TaskFilter.JsonEqual filter)
    {
        var found = $"{JsonText.Readable(Columns[filter.Column.Name])} #> {Parameter(filter.Path.ToArray())}";
        var sought = JsonText.Readable($"{Parameter(filter.Json, NpgsqlDbType.Json)}");

        _sql.Append($"EXISTS (SELECT FROM (SELECT {found} AS found, {sought} AS sought OFFSET 0) j WHERE {JsonText.IsEqual(filter.Kind)})");
    }

    private void AddAfter(TaskOrder order, TaskCursor after)
    {
        _sql.Append(" AND ");
        switch (order)
        {
            case TaskOrder.Uid:
                _sql.Append("t.uid > ").Append(Parameter(after.Uid));
                break;
            case TaskOrder.Arrival:
                _sql.Append("t.id > ").Append(Parameter(after.Id));
                break;
            default:
                var (rank, eta, id) = (Parameter(after.Rank), Parameter(after.Eta), Parameter(after.Id));
                _sql.Append($"({StatusRank} > {rank} OR {StatusRank} = {rank} AND (t.eta < {eta} OR t.eta = {eta} AND t.id > {id}))");
                break;
        }
    }

    private void AddOrder(ListTasks list)
    {
        // Nulls come first going up and last going down, as they did on the old server.
        foreach (var sort in list.Sort)
            _sql.Append(Ordered(sort.Column)).Append(sort.Descending ? " DESC NULLS LAST, " : " ASC NULLS FIRST, ");

        _sql.Append(
            list.Sort.Count > 0
                ? "t.id"
                : list.Order switch
                {
                    TaskOrder.Uid => "t.uid",
                    TaskOrder.Arrival => "t.id",
                    _ => $"{StatusRank}, t.eta DESC, t.id",
                }
        );
    }

    // By code point on every server, like the columns that have that collation by themselves.
    private static string Ordered(TaskColumn column) =>
        Columns[column.Name] + (column.Name is "operator" or "worker_id" or "status" ? " COLLATE \"C\"" : "");

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

    private string Parameter(object value) =>
        value switch
        {
            string text => Parameter(text),
            long number => Parameter(number),
            double number => Parameter(number),
            bool truth => Parameter(truth),
            DateTimeOffset time => Parameter(time),
            _ => throw new ArgumentOutOfRangeException(nameof(value), value, "No column holds such a value."),
        };

    private string Parameter<T>(T value)
    {
        _parameters.With(value);
        return $"${_parameters.Count}";
    }

    private string Parameter<T>(T value, NpgsqlDbType type)
    {
        _parameters.With(value, type);
        return $"${_parameters.Count}";
    }
}
