using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Eventix.Schema.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "eventix_event",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    revision = table.Column<long>(type: "bigint", nullable: false, defaultValueSql: "1"),
                    version = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "1"),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: true, defaultValueSql: "'default'", collation: "C"),
                    timestamp = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    priority = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "0"),
                    payload = table.Column<string>(type: "json", nullable: false, defaultValueSql: "'{}'"),
                    name = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    @operator = table.Column<string>(name: "operator", type: "text", nullable: true),
                    outcome = table.Column<string>(type: "json", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_event", x => x.uid);
                    table.CheckConstraint("ck_eventix_event_counters", "revision > 0");
                });

            migrationBuilder.CreateTable(
                name: "eventix_event_trigger",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    revision = table.Column<long>(type: "bigint", nullable: false, defaultValueSql: "1"),
                    version = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "1"),
                    event_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    trigger_type = table.Column<string>(type: "text", nullable: false, defaultValueSql: "'default'"),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false, defaultValueSql: "'default'", collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    code = table.Column<string>(type: "text", nullable: false, defaultValueSql: "''")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_event_trigger", x => x.uid);
                    table.CheckConstraint("ck_eventix_event_trigger_counters", "revision > 0");
                });

            migrationBuilder.CreateTable(
                name: "eventix_import_ledger",
                columns: table => new
                {
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_revision = table.Column<string>(type: "text", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_import_ledger", x => x.uid);
                    table.CheckConstraint("ck_eventix_import_ledger_outcome", "outcome IN ('imported', 'merged', 'skipped')");
                });

            migrationBuilder.CreateTable(
                name: "eventix_schedule",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    revision = table.Column<long>(type: "bigint", nullable: false, defaultValueSql: "1"),
                    version = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "1"),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false, defaultValueSql: "'default'", collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    schedule = table.Column<string>(type: "text", nullable: false),
                    task = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    args = table.Column<string>(type: "json", nullable: false, defaultValueSql: "'[]'"),
                    kwargs = table.Column<string>(type: "json", nullable: false, defaultValueSql: "'{}'"),
                    priority = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "0"),
                    last_schedule = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    next_schedule = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_schedule", x => x.uid);
                    table.CheckConstraint("ck_eventix_schedule_counters", "revision > 0");
                });

            migrationBuilder.CreateTable(
                name: "eventix_task",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    scheduled = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    version = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "1"),
                    error_eta_max = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "300"),
                    error_expires = table.Column<int>(type: "integer", nullable: true),
                    result_expires = table.Column<int>(type: "integer", nullable: true, defaultValueSql: "604800"),
                    retry = table.Column<bool>(type: "boolean", nullable: false, defaultValueSql: "true"),
                    store_result = table.Column<bool>(type: "boolean", nullable: false, defaultValueSql: "true"),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false, defaultValueSql: "'default'", collation: "C"),
                    task = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    unique_key = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    @operator = table.Column<string>(name: "operator", type: "text", nullable: true, defaultValueSql: "'unknown'"),
                    args = table.Column<string>(type: "json", nullable: false, defaultValueSql: "'[]'"),
                    kwargs = table.Column<string>(type: "json", nullable: false, defaultValueSql: "'{}'"),
                    imported_revision = table.Column<string>(type: "text", nullable: true),
                    cancel_requested_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    lost_leases = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "0"),
                    eta = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    priority = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "0"),
                    max_retries = table.Column<int>(type: "integer", nullable: true),
                    error_eta_inc = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "15"),
                    attempt = table.Column<int>(type: "integer", nullable: false, defaultValueSql: "0"),
                    revision = table.Column<long>(type: "bigint", nullable: false, defaultValueSql: "1"),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    worker_expires = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    expires = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    status = table.Column<string>(type: "text", nullable: false, defaultValueSql: "'scheduled'"),
                    worker_id = table.Column<string>(type: "text", nullable: true),
                    result = table.Column<string>(type: "json", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_task", x => x.uid);
                    table.CheckConstraint("ck_eventix_task_counters", "revision > 0 AND attempt >= 0 AND lost_leases >= 0");
                    table.CheckConstraint("ck_eventix_task_lease", "status <> 'processing' OR worker_expires IS NOT NULL");
                    table.CheckConstraint("ck_eventix_task_status", "status IN ('scheduled', 'processing', 'done', 'error', 'retry')");
                })
                .Annotation("Npgsql:StorageParameter:autovacuum_analyze_scale_factor", 0.02)
                .Annotation("Npgsql:StorageParameter:autovacuum_vacuum_cost_delay", 0)
                .Annotation("Npgsql:StorageParameter:autovacuum_vacuum_scale_factor", 0.01)
                .Annotation("Npgsql:StorageParameter:fillfactor", 50);

            migrationBuilder.CreateIndex(
                name: "ix_eventix_event_trigger_name",
                table: "eventix_event_trigger",
                columns: new[] { "event_name", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_eventix_schedule_name",
                table: "eventix_schedule",
                columns: new[] { "namespace", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_claim",
                table: "eventix_task",
                columns: new[] { "namespace", "priority", "eta", "id" },
                filter: "status IN ('scheduled', 'retry') AND worker_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_expires",
                table: "eventix_task",
                column: "expires")
                .Annotation("Npgsql:IndexMethod", "brin")
                .Annotation("Npgsql:StorageParameter:pages_per_range", 32);

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_failed",
                table: "eventix_task",
                columns: new[] { "namespace", "id" },
                filter: "status = 'error'");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_leased",
                table: "eventix_task",
                column: "worker_id",
                filter: "status = 'processing' OR (status IN ('scheduled', 'retry') AND worker_id IS NOT NULL)");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_unique_key",
                table: "eventix_task",
                columns: new[] { "namespace", "unique_key" },
                unique: true,
                filter: "unique_key IS NOT NULL AND status IN ('scheduled', 'retry')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "eventix_event");

            migrationBuilder.DropTable(
                name: "eventix_event_trigger");

            migrationBuilder.DropTable(
                name: "eventix_import_ledger");

            migrationBuilder.DropTable(
                name: "eventix_schedule");

            migrationBuilder.DropTable(
                name: "eventix_task");
        }
    }
}
