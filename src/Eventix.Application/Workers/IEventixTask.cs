using MediatR;

namespace Eventix.Application.Workers;

/// <summary>
/// A message that is a task: a worker claims the task of its name, binds `kwargs` by snake_case name and `args` by position to the parameters
/// of the message's constructor, and sends it to its handler. The answer is stored as the task's result; `Unit` as null.
/// </summary>
/// <remarks>The type carries an <see cref="EventixTaskAttribute"/>. Each message has exactly one handler.</remarks>
public interface IEventixTask<out TResult> : IRequest<TResult>;
