using System.Reflection;

namespace Eventix.Application.Tests.Workers;

/// <summary>An assembly with just these types in it, so that the mistakes of one test stay out of the others.</summary>
internal sealed class SomeTypes(params Type[] types) : Assembly
{
    public override string FullName => "Some types";

    public override Type[] GetTypes() => types;
}
