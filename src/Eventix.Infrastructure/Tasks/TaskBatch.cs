using System.Data.Common;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using FluentValidation;
using FluentValidation.Results;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>The tasks of one request, the answers that are known so far, and how the tasks are cut into statements.</summary>
internal sealed class TaskBatch
{
    /// <summary>Tasks of one transaction at most.</summary>
    private const int ChunkSize = 1000;

    private readonly IReadOnlyList<NewTask> _tasks;
    private readonly TaskAnswer?[] _answers;
    private bool _isStored;

    private TaskBatch(IReadOnlyList<NewTask> tasks)
    {
        _tasks = tasks;
        _answers = new TaskAnswer?[tasks.Count];
    }

    /// <summary>
    /// Checks every task and hands those that are valid to <paramref name="store"/>, a chunk at a time, in order. When the database goes away
    /// after some chunks were stored, the rest is answered with that.
    /// </summary>
    public static async Task<IReadOnlyList<TaskAnswer>> RunAsync(
        IReadOnlyList<NewTask> tasks,
        IValidator<NewTask> validator,
        Func<TaskBatch, IReadOnlyList<int>, Task> store
    )
    {
        var batch = new TaskBatch(tasks);
        var valid = Enumerable.Range(0, tasks.Count).Where(index => batch.IsValid(index, validator)).ToList();

        foreach (var chunk in valid.Chunk(ChunkSize))
        {
            try
            {
                await store(batch, chunk);
            }
            catch (DbException unreachable) when (batch._isStored)
            {
                foreach (var index in valid.Where(index => batch._answers[index] is null))
                    batch.Refuse(index, unreachable);
                break;
            }
        }

        return batch._answers!;
    }

    public NewTask this[int index] => _tasks[index];

    public NewTask[] this[int[] indexes] => Array.ConvertAll(indexes, index => _tasks[index]);

    public void Answer(int index, EventixTask stored)
    {
        _answers[index] = TaskAnswer.Of(stored);
        _isStored = true;
    }

    public void Refuse(int index, Exception refusal) => _answers[index] = TaskAnswer.Refused(refusal);

    /// <summary>PostgreSQL does not take what is in it, whatever was validated.</summary>
    public void Refuse(int index, PostgresException refused) =>
        Refuse(index, new ValidationException([new ValidationFailure(nameof(PostTask.Task), refused.MessageText)]));

    /// <inheritdoc cref="NewTaskRounds.Of"/>
    public IReadOnlyList<int[]> Rounds(IReadOnlyList<int> indexes) => NewTaskRounds.Of(_tasks, indexes);

    private bool IsValid(int index, IValidator<NewTask> validator)
    {
        var result = validator.Validate(_tasks[index]);
        if (!result.IsValid)
            Refuse(index, new ValidationException(result.Errors));

        return result.IsValid;
    }
}
