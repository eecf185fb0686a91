"""Declared resources of the catalogue."""

from gridloom.commerce.cat import rules, tables
from gridloom.commerce.cat.schemas import CatChannel, CatCreateChannel, CatUpdateChannel, ChannelType
from gridloom.commerce.paging import PAGED
from gridloom.kernel.http.filters import equals, removed
from gridloom.kernel.http.resource import Named, Resource

channels = Resource(
    tables.channel,
    "/cat/channels",
    shows=CatChannel,
    creates=CatCreateChannel,
    updates=CatUpdateChannel,
    scope="cat:channel",
    pages=PAGED,
    filters={"is_deleted": removed(tables.channel.c.deleted_at), "type": equals(tables.channel.c.type, ChannelType)},
    soft_delete=tables.channel.c.deleted_at,
    on_write=rules.complete_channel,
    tags=("Channels", "cat"),
    names={
        "list": Named("get_cat_channels", "List the sales channels"),
        "create": Named("post_cat_channels", "Add a sales channel"),
        "read": Named("get_cat_channels_id", "Read a sales channel"),
        "update": Named("put_cat_channels_id", "Change a sales channel"),
        "delete": Named("delete_cat_channels_id", "Close a sales channel"),
    },
)
