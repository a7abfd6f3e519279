using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Eventix.Schema.Migrations
{
    /// <inheritdoc />
    public partial class ImportSources : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "merged_into",
                table: "eventix_import_ledger",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<long>(
                name: "stored_revision",
                table: "eventix_import_ledger",
                type: "bigint",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "eventix_import_checkpoint",
                columns: table => new
                {
                    source = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<string>(type: "text", nullable: false),
                    position = table.Column<string>(type: "text", nullable: false),
                    read = table.Column<long>(type: "bigint", nullable: false),
                    imported = table.Column<long>(type: "bigint", nullable: false),
                    merged = table.Column<long>(type: "bigint", nullable: false),
                    skipped = table.Column<long>(type: "bigint", nullable: false),
                    rejected = table.Column<long>(type: "bigint", nullable: false),
                    report_length = table.Column<long>(type: "bigint", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_import_checkpoint", x => x.source);
                });

            migrationBuilder.CreateTable(
                name: "eventix_import_note",
                columns: table => new
                {
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    original = table.Column<byte[]>(type: "bytea", nullable: true),
                    document = table.Column<byte[]>(type: "bytea", nullable: true),
                    arguments_revision = table.Column<long>(type: "bigint", nullable: true),
                    arguments_created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    arguments_uid = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_eventix_import_note", x => x.uid);
                });

            migrationBuilder.CreateIndex(
                name: "ix_eventix_import_ledger_merged_into",
                table: "eventix_import_ledger",
                column: "merged_into",
                filter: "merged_into IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "eventix_import_checkpoint");

            migrationBuilder.DropTable(
                name: "eventix_import_note");

            migrationBuilder.DropIndex(
                name: "ix_eventix_import_ledger_merged_into",
                table: "eventix_import_ledger");

            migrationBuilder.DropColumn(
                name: "merged_into",
                table: "eventix_import_ledger");

            migrationBuilder.DropColumn(
                name: "stored_revision",
                table: "eventix_import_ledger");
        }
    }
}
