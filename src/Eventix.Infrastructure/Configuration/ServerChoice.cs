using Eventix.Application.Configuration;

namespace Eventix.Infrastructure.Configuration;

/// <summary>A worker takes its tasks from one place.</summary>
internal sealed class ServerChoice : IOptionsFromVariables
{
    public void Read(Variables variables)
    {
        if (variables.Text("EVENTIX_URL") is null)
            return;

        variables.Refuse(
            variables.Text("DATABASE_URL") is null
                ? "EVENTIX_URL is set, but this worker takes its tasks from the database: set DATABASE_URL instead."
                : "EVENTIX_URL and DATABASE_URL are both set: unset EVENTIX_URL, since this worker takes its tasks from the database."
        );
    }
}
