using MediatR;

namespace Eventix.Application.Messaging;

/// <summary>Changes something and answers <typeparamref name="TResponse"/>; `Unit` when there is nothing to say.</summary>
public interface ICommand<out TResponse> : IRequest<TResponse>;

/// <summary>Reads and changes nothing. Its handler stands beside its SQL, in Infrastructure.</summary>
public interface IQuery<out TResponse> : IRequest<TResponse>;
