using Eventix.Application.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Builds the statements of a list. Whatever a client sent is a parameter.</summary>
internal static class TaskListStatement
{
    private const string StatusRank =
        "CASE t.status WHEN 'scheduled' THEN 0 WHEN 'processing' THEN 1 WHEN 'retry' THEN 2 WHEN 'error' THEN 3 ELSE 4 END";

    public static void BuildPage(NpgsqlCommand command, ListTasks list)
    {
        var parameters = command.Parameters;
        var condition = TaskConditions.Of(list.Filter, parameters);
        if (list.After is { } after)
            condition += $" AND {Behind(list.Order, after, parameters)}";
        var order = OrderOf(list);
        var source = WaitingTaskList.IsOf(list.Filter)
            ? WaitingTaskList.Source(list, condition, order, parameters)
            : $"eventix_task t WHERE {condition}";

        command.CommandText = $"SELECT {TaskRow.Columns} FROM {source} ORDER BY {order}";
        if (list.Limit > 0)
            command.CommandText += $" LIMIT {parameters.Place((long)list.Limit)}";
        if (list.Skip > 0)
            command.CommandText += $" OFFSET {parameters.Place((long)list.Skip)}";
    }

    public static void BuildCount(NpgsqlCommand command, TaskFilter filter)
    {
        var condition = TaskConditions.Of(filter, command.Parameters);

        command.CommandText = WaitingTaskList.IsOf(filter)
            ? WaitingTaskList.Count(condition)
            : $"SELECT count(*) FROM eventix_task t WHERE {condition}";
    }

    private static string Behind(TaskOrder order, TaskCursor after, NpgsqlParameterCollection parameters)
    {
        switch (order)
        {
            case TaskOrder.Uid:
                return $"t.uid > {parameters.Place(after.Uid)}";
            case TaskOrder.Arrival:
                return $"t.id > {parameters.Place(after.Id)}";
            default:
                var (rank, eta, id) = (parameters.Place(after.Rank), parameters.Place(after.Eta), parameters.Place(after.Id));
                return $"({StatusRank} > {rank} OR {StatusRank} = {rank} AND (t.eta < {eta} OR t.eta = {eta} AND t.id > {id}))";
        }
    }

    private static string OrderOf(ListTasks list)
    {
        if (list.Sort.Count == 0)
            return list.Order switch
            {
                TaskOrder.Uid => "t.uid",
                TaskOrder.Arrival => "t.id",
                _ => $"{StatusRank}, t.eta DESC, t.id",
            };

        // Nulls come first going up and last going down, as they did on the old server.
        var sorts = list.Sort.Select(sort =>
            TaskConditions.Ordered(sort.Column) + (sort.Descending ? " DESC NULLS LAST" : " ASC NULLS FIRST")
        );

        return string.Join(", ", [.. sorts, "t.id"]);
    }
}
