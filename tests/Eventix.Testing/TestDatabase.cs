using Npgsql;
using Xunit;

namespace Eventix.Testing;

/// <summary>A fresh, migrated database for one test class: `IClassFixture&lt;TestDatabase&gt;`.</summary>
public class TestDatabase : IAsyncLifetime
{
    private string? _connectionString;
    private NpgsqlDataSource? _dataSource;

    /// <summary>In Npgsql's form.</summary>
    public string ConnectionString => _connectionString ?? throw new InvalidOperationException("The fixture has not started.");

    /// <summary>For DATABASE_URL: `postgresql://…` over TCP, Npgsql's form over a socket.</summary>
    public string Url
    {
        get
        {
            var to = new NpgsqlConnectionStringBuilder(ConnectionString);
            var user = Uri.EscapeDataString(to.Username ?? "") + (to.Password is { } password ? ":" + Uri.EscapeDataString(password) : "");
            return to.Host!.StartsWith('/') ? ConnectionString : $"postgresql://{user}@{to.Host}:{to.Port}/{to.Database}";
        }
    }

    public NpgsqlDataSource DataSource => _dataSource ?? throw new InvalidOperationException("The fixture has not started.");

    /// <summary>Whether the database starts with the schema in it.</summary>
    protected virtual bool IsMigrated => true;

    public async ValueTask InitializeAsync()
    {
        _connectionString = await (await TestServer.Instance).CreateAsync(!IsMigrated);
        _dataSource = NpgsqlDataSource.Create(_connectionString);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row.</summary>
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();

        return await row.ReadAsync() ? row.GetFieldValue<T>(0) : throw new InvalidOperationException($"No row from: {sql}");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);

        if (_dataSource is not null)
            await _dataSource.DisposeAsync();

        if (_connectionString is not null)
            await (await TestServer.Instance).DropAsync(_connectionString);
    }
}

/// <summary>A fresh database without any table.</summary>
public sealed class EmptyDatabase : TestDatabase
{
    protected override bool IsMigrated => false;
}
