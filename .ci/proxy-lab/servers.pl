#!/usr/bin/env perl
# An echo server of Mojolicious: servers.pl mojolicious PORT. See servers-python.py.
BEGIN { $ENV{MOJO_MAX_WEBSOCKET_SIZE} = 16 << 20 }
use Mojolicious::Lite -signatures;
use Mojo::Server::Daemon;

websocket '/' => sub ($c) {
    $c->tx->with_protocols('chat.v1');
    $c->tx->with_compression;
    $c->inactivity_timeout(60);
    $c->on(text => sub ($c, $bytes) {
        if ($bytes =~ /^close (\d+) (.*)$/) { return $c->finish($1, $2) }
        $c->send({ text => $bytes });
    });
    $c->on(binary => sub ($c, $bytes) { $c->send({ binary => $bytes }) });
};

app->log->level('fatal');
my ($kind, $port) = @ARGV;
Mojo::Server::Daemon->new(app => app, listen => ["http://127.0.0.1:$port"], silent => 1)->run;
