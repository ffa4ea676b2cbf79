CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`user_email` text NOT NULL,
	`action` text NOT NULL,
	`host_id` text,
	`target_id` text,
	`target_name` text,
	`result` text NOT NULL,
	`message` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `containers` (
	`host_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`inspect` text NOT NULL,
	`fetched_at` integer NOT NULL,
	PRIMARY KEY(`host_id`, `id`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `enrolment_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`name` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer
);
--> statement-breakpoint
CREATE TABLE `events` (
	`host_id` text NOT NULL,
	`seq` integer NOT NULL,
	`type` text NOT NULL,
	`action` text NOT NULL,
	`actor_id` text NOT NULL,
	`attributes` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`host_id`, `seq`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `events_actor` ON `events` (`host_id`,`actor_id`,`seq`);--> statement-breakpoint
CREATE INDEX `events_at` ON `events` (`at`);--> statement-breakpoint
CREATE TABLE `hosts` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`public_key` text NOT NULL,
	`enrolled_at` integer NOT NULL,
	`last_seen_at` integer,
	`facts` text NOT NULL,
	`stats_up_to_ms` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hosts_public_key_unique` ON `hosts` (`public_key`);--> statement-breakpoint
CREATE TABLE `images` (
	`host_id` text NOT NULL,
	`id` text NOT NULL,
	`repo_tags` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`host_id`, `id`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sessions_expires_at` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `stats_rollups` (
	`step_seconds` integer NOT NULL,
	`host_id` text NOT NULL,
	`container_id` text NOT NULL,
	`time_ms` integer NOT NULL,
	`samples` integer NOT NULL,
	`cpu_cores` real,
	`cpu_throttled_ratio` real,
	`load1` real,
	`memory_bytes` real,
	`memory_limit_bytes` real,
	`memory_total_bytes` real,
	`disk_used_bytes` real,
	`disk_total_bytes` real,
	`rx_bytes_per_second` real,
	`tx_bytes_per_second` real,
	`read_bytes_per_second` real,
	`write_bytes_per_second` real,
	`pids` real,
	`pids_limit` real,
	PRIMARY KEY(`step_seconds`, `host_id`, `container_id`, `time_ms`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `stats_rollups_time` ON `stats_rollups` (`step_seconds`,`time_ms`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`password_hash` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);